import Formats
import Inference
import Text

/// The fields that `/api/chat` and `/api/generate` share.
struct OllamaFields {
  let model: String?
  let options: GenerationOptions
  /// The most tokens of a prompt and its answer, if that is less than the context.
  let contextTokens: Int?
  let isStreamed: Bool
  /// Whether the model is to be unloaded.
  private let unloads: Bool

  /// Reads a body.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ fields: FieldReader, _ limits: RequestLimits) throws(RequestFailure) {
    model = try fields.text("model")
    isStreamed = try fields.bool("stream") ?? true
    unloads = try Self.isZero(fields)
    let given = try fields.object("options")
    var options = GenerationOptions()
    options.tokenEvents = true
    if let given {
      options = try GenerationOptions(given, limits: limits, most: [])
      // -1 is for no bound, -2 for the context.
      let most = try given.integer("num_predict", in: -2...Int.max) ?? -1
      options.maxTokens = most > 0 ? most : nil
      try given.refuse("mirostat", unless: [0], "is not supported")
      for key in ["tfs_z", "typical_p"] { try given.refuse(key, unless: [1, 1.0], "is not supported") }
    }
    contextTokens = try given?.integer("num_ctx", in: 2...Int.max)
    options.logProbabilities = try fields.logProbabilities(limits)
    try fields.refuse("think", unless: [false], "is not supported")
    options.constraint = try Self.format(fields, limits)
    self.options = options
  }

  /// What the answer must be: `"json"` for any object, or a schema.
  private static func format(_ fields: FieldReader, _ limits: RequestLimits) throws(RequestFailure) -> Grammar? {
    switch fields["format"] {
    case nil, "": return nil
    case "json": return try Grammar.compile(schema: ["type": "object"], fields.name("format"), limits)
    case .object(let members)?: return try Grammar.compile(schema: .object(members), fields.name("format"), limits)
    case let value?:
      throw .invalid(
        fields.name("format"), "\(FieldReader.shown(value)) is neither \"json\" nor a schema", code: "unsupported_value"
      )
    }
  }

  /// Whether a time is none: a number of seconds, or digits with a unit.
  private static func isZero(_ fields: FieldReader) throws(RequestFailure) -> Bool {
    switch fields["keep_alive"] {
    case nil: return false
    case .string(let text): return text.contains("0") && !text.contains { ("1"..."9").contains($0) }
    case .integer(let seconds): return seconds == 0
    case .number(let seconds): return seconds == 0
    case let value?:
      throw .invalid(fields.name("keep_alive"), "\(FieldReader.shown(value)) is neither a number of seconds nor a text")
    }
  }

  /// That nothing is asked but whether the model is there.
  ///
  /// - Throws: ``RequestFailure`` when it is to be gone.
  func load() throws(RequestFailure) -> OllamaOrder.Matter {
    if unloads {
      throw .invalid(
        "keep_alive", "0 is not supported: the server decides how long models stay", code: "unsupported_value")
    }
    return .nothing
  }
}
