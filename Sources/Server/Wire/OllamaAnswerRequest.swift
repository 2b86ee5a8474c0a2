import Formats
import Inference
import Text

/// What `POST /api/chat` and `/api/generate` are asked: in ollama's words, what the other routes are asked too.
enum OllamaAnswerRequest: Sendable {
  /// An answer to a conversation.
  case chat(ChatCompletionRequest)
  /// A text to go on with.
  case text(CompletionRequest)
  /// Whether the model is there; nothing is generated.
  case load(String?)

  /// Reads a body of `/api/chat`.
  ///
  /// - Throws: ``RequestFailure``.
  static func chat(_ fields: FieldReader, _ limits: RequestLimits) throws(RequestFailure) -> OllamaAnswerRequest {
    let common = try OllamaFields(fields, limits)
    try fields.refuse("tools", unless: [[]], "is not supported")
    if try fields.array("messages", most: limits.messages)?.isEmpty ?? true { return .load(try common.loaded()) }
    return .chat(common.chat(try ChatMessage.read(fields, limits: limits), "messages"))
  }

  /// Reads a body of `/api/generate`.
  ///
  /// - Throws: ``RequestFailure``.
  static func generate(_ fields: FieldReader, _ limits: RequestLimits) throws(RequestFailure) -> OllamaAnswerRequest {
    let common = try OllamaFields(fields, limits)
    try fields.refuse("suffix", unless: [""], "is not supported")
    try fields.refuse("template", unless: [""], "is not supported; the model's own is used")
    try fields.refuse("context", unless: [[]], "is not supported; /api/chat goes on with a conversation")
    try fields.refuse("images", unless: [[]], "is not supported; only text is")
    let system = try fields.text("system") ?? ""
    let isRaw = try fields.bool("raw") ?? false
    guard let prompt = try fields.text("prompt"), !prompt.isEmpty else { return .load(try common.loaded()) }
    if isRaw { return .text(common.text(prompt)) }
    let instructions = system.isEmpty ? [] : [ChatMessage(role: .system, content: system)]
    return .chat(common.chat(instructions + [ChatMessage(role: .user, content: prompt)], "prompt"))
  }

  /// Whether the answer tells of its tokens.
  var hasLogProbabilities: Bool {
    switch self {
    case .chat(let request): request.options.logProbabilities != nil
    case .text(let request): request.options.logProbabilities != nil
    case .load: false
    }
  }
}
