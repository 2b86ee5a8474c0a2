import Formats
import Inference
import Text

/// What `POST /v1/chat/completions` is asked.
struct ChatCompletionRequest {
  var model: String?
  var messages: [ChatMessage]
  /// The field that they were read from.
  var field = "messages"
  var options: GenerationOptions
  var choices: Int
  var isStreamed: Bool
  var includesUsage: Bool
  /// The most tokens of the conversation and its answer, if that is less than the context.
  var contextTokens: Int?
  /// Variables for the chat template.
  var templateVariables: [JSON.Member]

  /// A request for one answer.
  init(
    model: String?, messages: [ChatMessage], field: String, options: GenerationOptions, isStreamed: Bool,
    contextTokens: Int?
  ) {
    self.field = field
    self.model = model
    self.messages = messages
    self.options = options
    self.isStreamed = isStreamed
    self.contextTokens = contextTokens
    choices = 1
    includesUsage = false
    templateVariables = []
  }

  /// Reads a body.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ fields: FieldReader, _ limits: RequestLimits) throws(RequestFailure) {
    model = try fields.text("model")
    messages = try ChatMessage.read(fields, limits: limits)
    options = try GenerationOptions(fields, limits: limits)
    choices = try fields.integer("n", in: 1...limits.choices) ?? 1
    isStreamed = try fields.bool("stream") ?? false
    includesUsage = try fields.object("stream_options")?.bool("include_usage") ?? false
    options.logProbabilities = try fields.logProbabilities(limits)
    templateVariables = []
    if let variables = try fields.object("chat_template_kwargs") {
      templateVariables = try variables.templateVariables()
    }
    if fields["tool_choice"] != "none" {
      for key in ["tools", "functions"] { try fields.refuse(key, unless: [.array([])], "is not supported") }
    }
    try fields.refuse("modalities", unless: [.array([]), ["text"]], "is not supported; only text is")
    try fields.refuse("audio", unless: [], "is not supported")
    options.constraint = try Grammar.read(fields, limits: limits)
  }
}

extension FieldReader {
  /// How many alternatives are to be told for each token; `nil` where no log-probabilities are asked for.
  ///
  /// - Throws: ``RequestFailure``.
  func logProbabilities(_ limits: RequestLimits) throws(RequestFailure) -> Int? {
    let isAsked = try bool("logprobs") ?? false
    let alternatives = try integer("top_logprobs", in: 0...limits.logProbabilities)
    if let alternatives, alternatives > 0, !isAsked {
      throw .invalid(name("top_logprobs"), "\(alternatives) needs logprobs to be true")
    }
    return isAsked ? alternatives ?? 0 : nil
  }

  /// The fields as variables of a chat template; those that the template's own data have are refused.
  ///
  /// - Throws: ``RequestFailure``.
  func templateVariables() throws(RequestFailure) -> [JSON.Member] {
    for key in ["messages", "tools", "add_generation_prompt", "bos_token", "eos_token"] where has(key) {
      throw .invalid(name(key), "cannot be given")
    }
    return members
  }
}
