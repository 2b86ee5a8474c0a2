import Formats
import Hummingbird

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `GET /v1/models` and `/v1/models/{id}`: what there is, whether it is loaded, and its sizes where they are known.
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
        guard let entry = entries.first(where: { $0.isCalled(name) }) else {
          throw RequestFailure.unknownModel(name, known: entries.map(\.id))
        }
        return Response(json: Self.json(entry))
      },
    ]
  }

  private static func json(_ entry: ModelEntry) -> JSON {
    [
      "id": .string(entry.id), "object": "model", "created": .integer(entry.created), "owned_by": "venturi",
      "aliases": .array(entry.aliases.map { .string($0) }), "kind": .string(entry.kind.rawValue),
      "status": .string(entry.status.rawValue), "meta": entry.sizes.map(meta) ?? .null,
    ]
  }

  /// Sizes; `n_ctx` is what holds here, `n_ctx_train` what the model was made for.
  private static func meta(_ sizes: ModelSizes) -> JSON {
    [
      "n_ctx": .integer(sizes.contextLength), "n_ctx_train": .integer(sizes.trainedContextLength),
      "n_vocab": .integer(sizes.vocabulary), "n_embd": .integer(sizes.width), "n_params": .integer(sizes.parameters),
      "size": .integer(sizes.weightBytes),
    ]
  }
}
