import Formats
import Hummingbird
import Inference
import Text

/// `POST /tokenize`, `/detokenize` and `/apply-template`: text to tokens and back, and what a conversation becomes.
struct TokenRoutes {
  let services: ServerServices

  var routes: [Route] {
    [
      Route(.post, ["/tokenize", "/v1/tokenize"]) { request, _ in try await onFields(request, Self.tokenize) },
      Route(.post, ["/detokenize", "/v1/detokenize"]) { request, _ in try await onFields(request, Self.detokenize) },
      Route(.post, ["/apply-template", "/v1/apply-template"]) { request, _ in
        try await onFields(request, Self.applyTemplate)
      },
    ]
  }

  private typealias Work = @Sendable (FieldReader, Engine, RequestLimits) throws -> JSON

  private func onFields(_ request: Request, _ work: @escaping Work) async throws -> Response {
    let limits = services.settings.limits
    return try await services.bytes.read(request) { body in
      let fields = try await OffPool.run { try FieldReader(body: body, limits: limits) }
      let (engine, _) = try await services.tokenizingEngine(fields.text("model"))
      return try await OffPool.run { Response(json: try work(fields, engine, limits)) }
    }
  }

  private static func tokenize(_ fields: FieldReader, _ engine: Engine, _ limits: RequestLimits) throws -> JSON {
    // `prompt` is what vLLM's clients call it.
    let text = try fields.required("content", fields.first(of: ["content", "prompt"], fields.text))
    let tokenizer = engine.tokenizer
    let tokens = tokenizer.encode(
      text, parseSpecial: try fields.bool("parse_special") ?? true,
      addBoundaries: try fields.bool("add_special") ?? false)
    // A list takes far more memory than the text that it is made of.
    if tokens.count > limits.jsonValues {
      throw RequestFailure.invalid(
        fields.has("content") ? "content" : "prompt",
        "has \(tokens.count) tokens; at most \(limits.jsonValues) are listed")
    }
    var list = tokens.map { JSON.integer(Int($0)) }
    if try fields.bool("with_pieces") ?? false {
      list = tokens.map { id in
        let bytes = (try? tokenizer.vocabulary.bytes(of: id)).map { Array($0) } ?? []
        // A piece that is no text by itself is shown as its bytes.
        let text = String(validating: bytes, as: UTF8.self).map { JSON.string($0) }
        return ["id": .integer(Int(id)), "piece": text ?? .array(bytes.map { .integer(Int($0)) })]
      }
    }
    return [
      "tokens": .array(list), "count": .integer(tokens.count), "max_model_len": .integer(engine.contextLength),
    ]
  }

  private static func detokenize(_ fields: FieldReader, _ engine: Engine, _ limits: RequestLimits) throws -> JSON {
    let elements = try fields.required("tokens", fields.array("tokens", most: limits.jsonValues))
    let ids = try TokenFields.read(elements, "tokens")
    return ["content": .string(try engine.tokenizer.decode(ids, rendersSpecial: true))]
  }

  private static func applyTemplate(_ fields: FieldReader, _ engine: Engine, _ limits: RequestLimits) throws -> JSON {
    let messages = try ChatMessage.read(fields, limits: limits)
    let variables = try fields.object("chat_template_kwargs").map { variables throws(RequestFailure) in
      try variables.templateVariables()
    }
    let tools = try ToolFields(fields, limits: limits, as: .chat).offered
    let segments = try ChatPrompt(messages, variables: variables ?? [], tools: tools).segments(engine)
    return ["prompt": .string(segments.map(\.content).joined())]
  }
}
