/// Why an engine cannot be loaded or a generation cannot run.
public enum InferenceError: Error, Sendable, Equatable {
  /// An option whose value makes no sense; nothing was computed.
  case invalidOption(field: String, value: String, problem: String)
  /// The prompt has no tokens.
  case emptyPrompt
  /// The prompt and one new token do not fit the context; nothing was computed.
  case contextExceeded(promptTokens: Int, contextLength: Int)
  /// The prompt's text is too long for the context however few tokens it makes; nothing was computed.
  case promptTooLong(bytes: Int, contextLength: Int)
  /// The engine runs and queues as many generations, or as many prompt tokens, as it was told to; by how fast others end,
  /// there may be room in `waitSeconds`.
  case overloaded(
    running: Int, queued: Int, queueLimit: Int, queuedTokens: Int = 0, queuedTokenLimit: Int = .max,
    waitSeconds: Double = 0)
  /// A token id of a request is outside the vocabulary.
  case tokenOutOfRange(field: String, id: Int, vocabularySize: Int)
  /// Chat was asked of a model whose file has no chat template.
  case noChatTemplate(model: String)
  /// Every logit of a step was NaN or negative infinity.
  case noFiniteLogit(position: Int)
  /// The constraint of an answer allows no token of the vocabulary at this position.
  case noTokenAllowed(position: Int)
  /// No model has this name, and no file this path.
  case modelNotFound(name: String, searched: [String])
  /// A model name that is not a plain name.
  case invalidModelName(String)
  /// A catalogue that has no model of this name to fetch.
  case unknownPackage(name: String, known: [String])
  /// Fetching failed.
  case pullFailed(name: String, problem: String)
  /// A file whose checksum is not the expected one.
  case checksumMismatch(path: String, expected: String, found: String)
  /// A call of the system that failed.
  case system(operation: String, path: String, code: Int32)
  /// A text that is too short to score.
  case textTooShort(tokens: Int, needed: Int)
  /// Two models that cannot be compared.
  case incomparableModels(String)
  /// A tokenizer whose vocabulary is not the model's.
  case vocabularyMismatch(tokenizer: Int, model: Int)
  /// A profile that is not what `venturi optimize` writes, and which field shows it.
  case damagedProfile(path: String, field: String, problem: String)
  /// A session that cannot be kept in a file, or a file that holds none for this engine, and which field shows it.
  case sessionFile(path: String, field: String, problem: String)
  /// An extension that refused its setting.
  case extensionFailed(name: String, problem: String)
  /// An adapter that cannot be used, and why.
  case adapter(name: String, problem: String)
  /// No adapter of the engine has this name.
  case unknownAdapter(name: String, known: [String])
  /// The engine was shut down.
  case engineStopped
}

extension InferenceError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .invalidOption(let field, let value, let problem): "\(field) \(value): \(problem)"
    case .emptyPrompt: "the prompt has no tokens"
    case .contextExceeded(let prompt, let context):
      "the prompt has \(prompt) tokens; the context of \(context) must hold it and at least one new token"
    case .promptTooLong(let bytes, let context): "the prompt's \(bytes) bytes do not fit a context of \(context) tokens"
    case .overloaded(let running, let queued, let limit, let tokens, let tokenLimit, _):
      "overloaded: \(running) generations running, \(queued) queued of at most \(limit) with \(tokens) prompt tokens of "
        + "at most \(tokenLimit)"
    case .tokenOutOfRange(let field, let id, let size): "\(field): token id \(id) is outside the vocabulary of \(size)"
    case .noChatTemplate(let model): "model '\(model)' has no chat template; use a raw prompt"
    case .noFiniteLogit(let position): "the model gave no finite logit at position \(position)"
    case .noTokenAllowed(let position): "the constraint allows no token of the vocabulary at position \(position)"
    case .modelNotFound(let name, let searched):
      "no model '\(name)'; looked for \(searched.joined(separator: ", "))"
    case .invalidModelName(let name): "'\(name)' is not a model name (letters, digits, '.', '_' and '-')"
    case .unknownPackage(let name, let known):
      "no package is known for '\(name)'; known: \(known.joined(separator: ", "))"
    case .pullFailed(let name, let problem): "cannot fetch '\(name)': \(problem)"
    case .checksumMismatch(let path, let expected, let found):
      "\(path): SHA-256 is \(found) where \(expected) is expected"
    case .system(let operation, let path, let code): "\(operation) '\(path)': \(systemMessage(code))"
    case .textTooShort(let tokens, let needed): "the text has \(tokens) tokens; at least \(needed) are needed"
    case .incomparableModels(let problem): "the models cannot be compared: \(problem)"
    case .vocabularyMismatch(let tokenizer, let model):
      "the tokenizer has \(tokenizer) tokens where the model has \(model)"
    case .damagedProfile(let path, let field, let problem): "profile \(path): \(field): \(problem)"
    case .sessionFile(let path, let field, let problem): "session file \(path): \(field): \(problem)"
    case .extensionFailed(let name, let problem): "extension '\(name)': \(problem)"
    case .adapter(let name, let problem): "adapter '\(name)': \(problem)"
    case .unknownAdapter(let name, let known):
      "no adapter '\(name)'; there " + (known.isEmpty ? "are none" : "are \(known.joined(separator: ", "))")
    case .engineStopped: "the engine was shut down"
    }
  }
}
