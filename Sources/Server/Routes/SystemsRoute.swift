import HTTPTypes
import Hummingbird

/// `GET /systems.json`: the systems of the catalogue and what was measured, for the web page.
struct SystemsRoute {
  private let listing: SystemsListing

  init(services: ServerServices) { listing = SystemsListing(folder: services.settings.results) }

  var route: Route {
    Route(.get, ["/systems.json"]) { request, _ in
      let content = try await OffPool.run { listing.content() }
      return Response(
        request, bytes: content.bytes, tag: content.tag,
        headers: [.contentType: "application/json", .xContentTypeOptions: "nosniff"])
    }
  }
}
