import Costs
import Formats
import Hummingbird
import Planner
import ServerPage

/// `GET /plan.json` and `POST /plan/inference`: what a model of the catalogue would do on devices that are not here, for the
/// web page.
struct PlanRoutes {
  let services: ServerServices

  var routes: [Route] {
    let choices = Self.choices
    let tag = PageFile.tag(of: choices)
    return [
      Route(.get, ["/plan.json"]) { request, _ in
        Response(
          request, bytes: choices, tag: tag,
          headers: [.contentType: "application/json", .xContentTypeOptions: "nosniff"])
      },
      Route(.post, ["/plan/inference"]) { request, _ in
        let limits = services.settings.limits
        return try await services.bytes.read(request) { body in
          try await OffPool.run {
            let fields = try FieldReader(body: body, limits: limits)
            return Response(json: try InferencePlanRequest(fields).answer())
          }
        }
      },
    ]
  }

  /// What can be asked about.
  private static var choices: [UInt8] {
    let models = Planner.ModelCatalogue.published.entries.map { entry -> JSON in
      ["name": .string(entry.shape.name), "contextLength": .integer(entry.contextLength)]
    }
    let devices = DeviceCatalogue.published.entries.map { entry -> JSON in
      let formats = Precision.allCases.filter { entry.device.compute[$0] != nil }
      return [
        "name": .string(entry.device.name), "memoryBytes": .number(entry.device.memory.value),
        "bytesPerSecond": .number(entry.device.bandwidth.value),
        "precisions": .array(formats.map { .string($0.rawValue) }),
      ]
    }
    let all: JSON = [
      "models": .array(models), "devices": .array(devices),
      "fields": .array(InferenceQuestion.fields.map { .string($0) }),
    ]
    return Array(all.line.utf8)
  }
}
