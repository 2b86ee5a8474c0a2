import Formats
import Hummingbird
import Inference

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `GET /v1/models` and `/v1/models/{id}`: what there is, with its sizes.
struct ModelsRoute {
  let services: ServerServices

  var routes: [Route] {
    [
      Route(.get, ["/v1/models", "/models"]) { _, _ in
        Response(json: ["object": "list", "data": .array(services.catalogue.entries.map(Self.json))])
      },
      Route(.get, ["/v1/models/{id}", "/models/{id}"]) { _, context in
        let name = (context.parameters.get("id") ?? "").removingPercentEncoding ?? ""
        let entries = services.catalogue.entries
        guard let entry = entries.first(where: { $0.id == name || $0.aliases.contains(name) }) else {
          throw RequestFailure.unknownModel(name, known: entries.map(\.id))
        }
        return Response(json: Self.json(entry))
      },
    ]
  }

  private static func json(_ entry: ModelEntry) -> JSON {
    let status = entry.model != nil ? "loaded" : entry.problem != nil ? "failed" : "loading"
    return [
      "id": .string(entry.id), "object": "model", "created": .integer(entry.created), "owned_by": "venturi",
      "aliases": .array(entry.aliases.map { .string($0) }), "kind": .string(entry.kind.rawValue),
      "status": .string(status), "meta": entry.model.map(meta) ?? .null,
    ]
  }

  /// Sizes; `n_ctx` is what holds here, `n_ctx_train` what the model was made for.
  private static func meta(_ model: ServedModel) -> JSON {
    let description = model.description
    return [
      "n_ctx": .integer(model.contextLength), "n_ctx_train": .integer(description.contextLength),
      "n_vocab": .integer(description.vocabularySize), "n_embd": .integer(description.width),
      "n_params": .integer(description.parameters), "size": .integer(description.weightBytes),
    ]
  }
}
