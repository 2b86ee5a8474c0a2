import Formats
import Inference
import Text

/// What `POST /v1/responses` is asked. The server keeps nothing: each request has the whole conversation.
struct ResponsesRequest: AnswerRequest {
  let choices = 1
  var model: String?
  var messages: [ChatMessage]
  var options: GenerationOptions
  var isStreamed: Bool
  var tools: ToolFields
  /// Fields that the answer repeats, as they were given.
  var repeated: [JSON.Member]

  private static let repeatedFields = ["instructions", "tools", "tool_choice", "metadata", "user", "text"]

  init(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) {
    model = try fields.text("model")
    let reason = "is not supported: this server keeps no responses"
    try fields.refuse("store", unless: [false], reason)
    for key in ["previous_response_id", "conversation", "prompt"] { try fields.refuse(key, unless: [], reason) }
    try fields.refuse("background", unless: [false], reason)
    try fields.refuse("truncation", unless: ["disabled"], "is not supported: a prompt is never cut")
    try fields.refuse("include", unless: [[], ["reasoning.encrypted_content"]], "is not supported")
    try fields.refuse("top_logprobs", unless: [0], "is not supported on this route")
    messages = try ResponseInput.messages(fields, limits: limits)
    options = try GenerationOptions(fields, limits: limits, most: ["max_output_tokens"])
    isStreamed = try fields.bool("stream") ?? false
    tools = try ToolFields(fields, limits: limits, as: .responses)
    if let text = try fields.object("text") {
      options.constraint = try Grammar.read(format: text, limits: limits)
      try tools.check(options.constraint, text.name("format"))
    }
    _ = try fields.object("metadata")
    repeated = fields.members.filter { Self.repeatedFields.contains($0.key) && $0.value != .null }
  }

  func task(_ engine: Engine, model name: String, limits: RequestLimits) throws -> AnswerTask {
    let prompt = ChatPrompt(messages, tools: tools.offered, field: "input")
    return try AnswerTask(prompt, options, tools, engine, limits: limits) { _ in
      ResponsesForm(model: name, options: options, isParallel: tools.isParallel, repeated: repeated)
    }
  }
}
