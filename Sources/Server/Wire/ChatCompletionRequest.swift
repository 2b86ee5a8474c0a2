import Formats
import Inference
import Text

/// What `POST /v1/chat/completions` is asked.
struct ChatCompletionRequest: AnswerRequest {
  var model: String?
  var messages: [ChatMessage]
  var options: GenerationOptions
  var choices: Int
  var drawn: Int
  var isStreamed: Bool
  var includesUsage: Bool
  /// Variables for the chat template.
  var templateVariables: [JSON.Member]
  var tools: ToolFields

  /// Reads a body.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) {
    model = try fields.text("model")
    messages = try ChatMessage.read(fields, limits: limits)
    options = try GenerationOptions(fields, limits: limits)
    choices = try fields.integer("n", in: 1...limits.choices) ?? 1
    isStreamed = try fields.bool("stream") ?? false
    drawn = try fields.drawn(for: choices, isStreamed: isStreamed, limits: limits)
    includesUsage = try fields.object("stream_options")?.bool("include_usage") ?? false
    options.logProbabilities = try fields.logProbabilities(limits)
    templateVariables = []
    if let variables = try fields.object("chat_template_kwargs") {
      templateVariables = try variables.templateVariables()
    }
    tools = try ToolFields(fields, limits: limits, as: .chat)
    for key in ["functions", "function_call"] {
      try fields.refuse(key, unless: [.array([]), "none"], "is not taken; tools and tool_choice are")
    }
    try fields.refuse("modalities", unless: [.array([]), ["text"]], "is not supported; only text is")
    try fields.refuse("audio", unless: [], "is not supported")
    options.constraint = try Grammar.read(fields, limits: limits)
    try tools.check(options.constraint, fields.name(fields.has("grammar") ? "grammar" : "response_format"))
  }

  func task(_ engine: Engine, model name: String, limits: RequestLimits) throws -> AnswerTask {
    let prompt = ChatPrompt(messages, variables: templateVariables, tools: tools.offered)
    return try AnswerTask(prompt, options, tools, engine, limits: limits) { _ in
      ChatForm(
        header: AnswerHeader(prefix: "chatcmpl-", model: name), vocabulary: engine.tokenizer.vocabulary,
        hasLogProbabilities: options.logProbabilities != nil, includesUsage: includesUsage)
    }
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
