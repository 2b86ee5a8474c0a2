import Formats
import Hummingbird
import Inference

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Routes that answer with what texts become as vectors: `POST /v1/embeddings`, `/v1/rerank` and `/api/embed`.
struct VectorRoutes {
  let services: ServerServices

  var routes: [Route] {
    [
      Route(.post, ["/v1/embeddings", "/embeddings"]) { request, context in
        try await answer(request, context, "input", EmbeddingRequest.init) { asked in
          VectorOrder(model: asked.model, texts: asked.texts) { vectors, model in
            Self.embeddings(vectors, model, isBase64: asked.isBase64)
          }
        }
      },
      Route(.post, ["/v1/rerank", "/rerank"]) { request, context in
        try await answer(request, context, "documents", RerankRequest.init) { asked in
          VectorOrder(model: asked.model, texts: asked.texts, answer: asked.answer)
        }
      },
      Route(.post, ["/api/embed"]) { request, context in
        let begun = ContinuousClock.now
        return try await answer(request, context, "input", EmbeddingRequest.init) { asked in
          VectorOrder(model: services.catalogue.untagged(asked.model), texts: asked.texts) { vectors, model in
            Self.ollama(vectors, model, begun)
          }
        }
      },
    ]
  }

  /// From a body to vectors to an answer.
  ///
  /// - Parameter field: the field that is at fault where the texts are.
  private func answer<Asked: Sendable>(
    _ request: Request, _ context: ServerContext, _ field: String,
    _ read: @escaping @Sendable (FieldReader, RequestLimits) throws -> Asked, _ order: (Asked) -> VectorOrder
  ) async throws -> Response {
    let limits = services.settings.limits
    let running = try services.requests.begin(context.logger)
    if let client = context.client { running.watch(client) }
    do {
      let response = try await services.bytes.read(request) { body in
        let order = order(try await OffPool.run { try read(FieldReader(body: body, limits: limits), limits) })
        let (embedder, name) = try await services.embedder(order.model)
        let texts = try await OffPool.run { try order.texts(embedder) }
        let work = Task { try await embedder.embed(texts) }
        running.add { work.cancel() }
        let vectors = try await work.value
        return try await OffPool.run { Response(json: order.answer(vectors, name)) }
      }
      running.end(.ok)
      return response
    } catch is CancellationError {
      running.end(running.cause == .shutdown ? .overloaded : .clientGone)
      throw running.stopFailure
    } catch {
      let failure = RequestFailure(error, prompt: field)
      running.end(Outcome(failure))
      throw failure
    }
  }

  private static func embeddings(_ vectors: Embeddings, _ model: String, isBase64: Bool) -> JSON {
    let data = (0..<vectors.count).map { index -> JSON in
      let vector = vectors[index]
      return [
        "object": "embedding", "index": .integer(index),
        "embedding": isBase64 ? .string(base64(vector)) : numbers(vector),
      ]
    }
    let tokens = vectors.tokens.reduce(0, +)
    return [
      "object": "list", "data": .array(data), "model": .string(model),
      "usage": ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)],
    ]
  }

  private static func ollama(_ vectors: Embeddings, _ model: String, _ begun: ContinuousClock.Instant) -> JSON {
    [
      "model": .string(model), "embeddings": .array((0..<vectors.count).map { numbers(vectors[$0]) }),
      "total_duration": OllamaForm.nanoseconds(begun.seconds(to: .now)), "load_duration": 0,
      "prompt_eval_count": .integer(vectors.tokens.reduce(0, +)),
    ]
  }

  /// Each number with the fewest digits that are read back as the same float.
  private static func numbers(_ vector: ArraySlice<Float>) -> JSON {
    .array(vector.map { .number(Double("\($0)") ?? Double($0)) })
  }

  private static func base64(_ values: ArraySlice<Float>) -> String {
    var bytes = Data(capacity: values.count * 4)
    for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    return bytes.base64EncodedString()
  }
}
