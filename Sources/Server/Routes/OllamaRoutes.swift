import Formats
import Hummingbird
import Inference
import Text

/// ollama's interface, as far as it asks for answers and tells of models: for the programs that speak nothing else.
///
/// Models are neither pulled nor made nor removed over the network.
struct OllamaRoutes {
  let services: ServerServices

  /// What all paths of that interface begin with; errors on them have its form.
  static let prefix = "/api/"

  var routes: [Route] {
    let answers = AnswerRoutes(services: services)
    return [
      answers.route(["/api/chat"], OllamaChatRequest.self, naming: services.catalogue.untagged),
      answers.route(["/api/generate"], OllamaGenerateRequest.self, naming: services.catalogue.untagged),
      Route(.get, ["/api/tags"]) { _, _ in
        Response(json: ["models": .array(services.catalogue.entries.map(OllamaModel.listed))])
      },
      Route(.get, ["/api/ps"]) { _, _ in
        Response(json: ["models": .array(services.catalogue.entries.compactMap(OllamaModel.running))])
      },
      Route(.post, ["/api/show"]) { request, _ in try await services.bytes.read(request) { try await show($0) } },
      Route(.get, ["/api/version"]) { _, _ in Response(json: ["version": .string(EngineVersion.number)]) },
    ]
  }

  private func show(_ body: [UInt8]) async throws -> Response {
    let fields = try FieldReader(body: body, limits: services.settings.limits)
    // What it was called before.
    let given = try fields.required("model", fields.first(of: ["model", "name"], fields.text))
    let name = services.catalogue.untagged(given)
    let entries = services.catalogue.entries
    guard let entry = entries.first(where: { $0.isCalled(name ?? "") }) else {
      throw RequestFailure.unknownModel(name ?? "", known: entries.map(\.id))
    }
    return Response(json: OllamaModel.shown(entry, try await services.catalogue.model(entry.id, entry.kind)))
  }
}

extension ModelCatalogue {
  /// A model's name without `:latest`, which ollama's clients add to names that have no tag; unless it is a part of it.
  func untagged(_ name: String?) -> String? {
    guard let name, name.hasSuffix(":latest") else { return name }
    if entries.contains(where: { $0.isCalled(name) }) { return name }
    return String(name.dropLast(7))
  }
}
