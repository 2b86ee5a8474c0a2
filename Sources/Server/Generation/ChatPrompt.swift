import Formats
import Inference
import Text

/// A conversation on its way to tokens.
struct ChatPrompt: Sendable {
  let messages: [ChatMessage]
  /// What else the template may look at.
  let variables: [JSON.Member]
  /// What the model may call.
  let tools: [ChatTool]
  /// The field of the request that the messages come from.
  let field: String

  init(
    _ messages: [ChatMessage], variables: [JSON.Member] = [], tools: [ChatTool] = [], field: String = "messages"
  ) {
    self.messages = messages
    self.variables = variables
    self.tools = tools
    self.field = field
  }

  /// The conversation as the model's template writes it.
  ///
  /// - Throws: ``RequestFailure``.
  func segments(_ engine: Engine) throws(RequestFailure) -> [PromptSegment] {
    guard let template = engine.template else {
      throw RequestFailure(InferenceError.noChatTemplate(model: engine.model.description.name), prompt: field)
    }
    do throws(TextError) { return try template.render(messages, calling: tools, variables: variables) } catch {
      throw RequestFailure(error, prompt: field)
    }
  }

  /// The conversation as tokens that fit the context and the limits.
  ///
  /// - Throws: ``RequestFailure``.
  func tokens(_ engine: Engine, limits: RequestLimits) throws(RequestFailure) -> [Int32] {
    do throws(InferenceError) {
      let bytes = messages.reduce(0) { $0 + $1.content.utf8.count }
      try engine.check(bytes: tools.reduce(bytes) { $0 + $1.json.line.utf8.count })
    } catch { throw RequestFailure(error, prompt: field) }
    let tokens = engine.tokenizer.encode(try segments(engine))
    do { return try limits.check(engine.tokens(of: .tokens(tokens)), field) } catch {
      throw RequestFailure(error, prompt: field)
    }
  }
}

extension RequestLimits {
  /// The limits of a request that wants a smaller context than the model's.
  ///
  /// - Throws: ``RequestFailure`` when it wants a larger one.
  func narrowed(to contextTokens: Int?, _ engine: Engine) throws(RequestFailure) -> RequestLimits {
    guard let contextTokens else { return self }
    if contextTokens > engine.contextLength {
      throw .invalid(
        "options.num_ctx", "\(contextTokens) is more than the context of \(engine.contextLength) tokens",
        code: "unsupported_value")
    }
    var limits = self
    // One token of the answer must have its place.
    limits.promptTokens = min(promptTokens ?? .max, contextTokens - 1)
    return limits
  }

  /// The tokens of a prompt, if they are not too many.
  ///
  /// - Throws: ``RequestFailure``.
  func check(_ tokens: [Int32], _ field: String) throws(RequestFailure) -> [Int32] {
    guard let promptTokens, tokens.count > promptTokens else { return tokens }
    throw .invalid(
      field, "has \(tokens.count) tokens; at most \(promptTokens) are taken", code: "context_length_exceeded")
  }
}
