import Formats
import Hummingbird
import Inference
import ServerInterface
import ServerPage

/// `GET /openapi.json`: the description of the interface, with the limits that hold here.
struct InterfaceRoute {
  private let content: [UInt8]
  private let tag: String

  init(services: ServerServices) {
    // The file is the program's own, and a test reads it.
    let file = (try? JSON(parsing: InterfaceFile.bytes)) ?? .object([])
    content = Array(InterfaceDocument(file, limits: services.settings.limits).json.line.utf8)
    tag = PageFile.tag(of: content)
  }

  var route: Route {
    Route(.get, ["/openapi.json"]) { request, _ in
      Response(
        request, bytes: content, tag: tag, headers: [.contentType: "application/json", .xContentTypeOptions: "nosniff"])
    }
  }
}
