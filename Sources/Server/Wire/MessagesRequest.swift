import Formats
import Inference
import Text

/// What `POST /v1/messages` is asked, in the form of Anthropic's interface.
struct MessagesRequest: AnswerRequest {
  let choices = 1
  var model: String?
  var messages: [ChatMessage]
  var options: GenerationOptions
  var isStreamed: Bool
  var tools: ToolFields

  init(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) {
    model = try fields.text("model")
    _ = try fields.required("max_tokens", fields["max_tokens"])
    options = try GenerationOptions(fields, limits: limits, most: ["max_tokens"], stop: "stop_sequences")
    messages = try MessagesInput.messages(fields, limits: limits)
    isStreamed = try fields.bool("stream") ?? false
    tools = try ToolFields(fields, limits: limits, as: .messages)
    try fields.refuse("mcp_servers", unless: [[]], "is not supported")
    try fields.refuse("container", unless: [], "is not supported")
    if let output = try fields.object("output_config") {
      options.constraint = try Grammar.read(format: output, limits: limits)
      try tools.check(options.constraint, output.name("format"))
    }
  }

  func task(_ engine: Engine, model name: String, limits: RequestLimits) throws -> AnswerTask {
    try AnswerTask(ChatPrompt(messages, tools: tools.offered), options, tools, engine, limits: limits) { tokens in
      MessagesForm(model: name, promptTokens: tokens)
    }
  }
}
