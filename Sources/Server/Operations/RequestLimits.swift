/// What one request may ask for; what asks for more is refused with both numbers.
public struct RequestLimits: Sendable {
  /// Bytes of a request's body.
  public var bodyBytes = 16 << 20
  /// Bytes of all bodies that are being read at one time.
  public var bodyBytesInFlight = 256 << 20
  /// JSON values of a body; each takes more memory than its text.
  public var jsonValues = 1 << 20
  /// Tokens of a prompt; the model's context by default and at most.
  public var promptTokens: Int?
  /// Answers to one prompt.
  public var choices = 16
  /// How many answers `"best_of": "auto"` draws, at most as many as there may be choices; without budgets it is refused.
  public var budgets: AnswerBudgets?
  /// Prompts of one completion, and answers to all of them together.
  public var sequences = 64
  /// Stop strings.
  public var stops = 16
  /// Alternatives for each token.
  public var logProbabilities = 20
  /// Tokens with a bias.
  public var biases = 1024
  /// Messages of a conversation.
  public var messages = 4096
  /// Tools that a request offers.
  public var tools = 128
  /// Bytes of all tools of a request, as JSON.
  public var toolBytes = 256 << 10
  /// Bytes of a JSON schema.
  public var schemaBytes = 256 << 10
  /// Bytes of a grammar.
  public var grammarBytes = 256 << 10
  /// Texts to embed.
  public var inputs = 2048
  /// Bytes that wait for one client who does not read them.
  public var outputBuffer = 1 << 20
  /// Connections at one time; further ones wait to be accepted.
  public var connections = 4096

  /// Limits with defaults.
  public init() {}

  /// Checks every value.
  ///
  /// - Throws: ``ServerError/invalidSetting(field:value:problem:)``.
  public func validate() throws(ServerError) {
    let all = [
      ("limits.bodyBytes", bodyBytes, 1 << 10), ("limits.bodyBytesInFlight", bodyBytesInFlight, 1 << 10),
      ("limits.jsonValues", jsonValues, 16), ("limits.promptTokens", promptTokens ?? 1, 1),
      ("limits.choices", choices, 1), ("limits.sequences", sequences, 1), ("limits.stops", stops, 0),
      ("limits.logProbabilities", logProbabilities, 0), ("limits.biases", biases, 0), ("limits.messages", messages, 1),
      ("limits.tools", tools, 0), ("limits.toolBytes", toolBytes, 0), ("limits.schemaBytes", schemaBytes, 0),
      ("limits.grammarBytes", grammarBytes, 0), ("limits.inputs", inputs, 1),
      ("limits.outputBuffer", outputBuffer, 1 << 12), ("limits.connections", connections, 1),
    ]
    for (field, value, least) in all { try ServerSettings.check(field, value, least...1 << 40) }
  }
}
