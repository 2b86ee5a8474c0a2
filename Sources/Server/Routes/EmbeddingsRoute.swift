import Formats
import Hummingbird
import Inference

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `POST /v1/embeddings`: texts to vectors.
struct EmbeddingsRoute {
  let services: ServerServices

  var route: Route {
    Route(.post, ["/v1/embeddings", "/embeddings"]) { request, context in
      let running = try services.requests.begin(context.logger)
      if let client = context.client { running.watch(client) }
      do {
        let response = try await services.bytes.read(request) { try await embed($0, running) }
        running.end(.ok)
        return response
      } catch is CancellationError {
        running.end(running.cause == .shutdown ? .overloaded : .clientGone)
        throw running.stopFailure
      } catch {
        let failure = RequestFailure(error, prompt: "input")
        running.end(Outcome(failure))
        throw failure
      }
    }
  }

  private func embed(_ body: [UInt8], _ running: RunningRequest) async throws -> Response {
    let limits = services.settings.limits
    let request = try await OffPool.run {
      try EmbeddingRequest(FieldReader(body: body, limits: limits), limits: limits)
    }
    let (embedder, name) = try await services.embedder(request.model)
    let texts = try await OffPool.run { try request.texts(embedder) }
    let work = Task { try await embedder.embed(texts) }
    running.add { work.cancel() }
    let vectors = try await work.value
    return try await OffPool.run { Self.response(vectors, name, isBase64: request.isBase64) }
  }

  private static func response(_ vectors: Embeddings, _ model: String, isBase64: Bool) -> Response {
    let data = (0..<vectors.count).map { index -> JSON in
      let vector = vectors[index]
      let value: JSON = isBase64 ? .string(base64(vector)) : .array(vector.map { .number(shortest($0)) })
      return ["object": "embedding", "index": .integer(index), "embedding": value]
    }
    let tokens = vectors.tokens.reduce(0, +)
    return Response(json: [
      "object": "list", "data": .array(data), "model": .string(model),
      "usage": ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)],
    ])
  }

  /// The number with the fewest digits that is read back as the same float.
  private static func shortest(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }

  private static func base64(_ values: ArraySlice<Float>) -> String {
    var bytes = Data(capacity: values.count * 4)
    for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    return bytes.base64EncodedString()
  }
}
