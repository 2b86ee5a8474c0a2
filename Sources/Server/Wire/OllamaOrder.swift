import Inference
import Text

/// What both of ollama's routes that answer are asked.
struct OllamaOrder: Sendable {
  /// What the answer is to.
  enum Matter: Sendable {
    /// A conversation that was read from a field.
    case conversation([ChatMessage], field: String)
    /// A text to go on with.
    case text(String)
    /// Nothing: the model is to be there.
    case nothing
  }

  private let fields: OllamaFields
  private let matter: Matter
  private let isChat: Bool
  /// When the request came.
  private let begun = ContinuousClock.now

  init(_ fields: OllamaFields, _ matter: Matter, isChat: Bool) {
    self.fields = fields
    self.matter = matter
    self.isChat = isChat
  }

  var model: String? { fields.model }
  /// That a model is there is said in one piece.
  var isStreamed: Bool { if case .nothing = matter { false } else { fields.isStreamed } }

  /// What an engine has to do for it.
  ///
  /// - Throws: ``RequestFailure``; the engine's errors.
  func task(_ engine: Engine, model name: String, limits: RequestLimits) throws -> AnswerTask {
    var options = fields.options
    let limits = try limits.narrowed(to: fields.contextTokens, engine)
    var prompts: [[Int32]]
    switch matter {
    case .conversation(let messages, let field):
      prompts = [try ChatPrompt(messages, field: field).tokens(engine, limits: limits)]
    case .text(let text): prompts = [try limits.check(try engine.tokens(of: .text(text)), "prompt")]
    case .nothing: prompts = []
    }
    if let context = fields.contextTokens, let prompt = prompts.first {
      options.maxTokens = min(options.maxTokens ?? .max, context - prompt.count)
    }
    return AnswerTask(
      prompts: prompts, options: options,
      form: OllamaForm(
        isChat: isChat, model: name, vocabulary: engine.tokenizer.vocabulary,
        hasLogProbabilities: options.logProbabilities != nil, begun: begun))
  }
}
