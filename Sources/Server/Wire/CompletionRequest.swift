import Formats
import Inference
import Text

/// What `POST /v1/completions` is asked.
struct CompletionRequest: AnswerRequest {
  var model: String?
  /// Texts, or tokens, to be gone on with.
  var prompts: [Prompt]
  var options: GenerationOptions
  var choices: Int
  var drawn: Int
  var isStreamed: Bool
  var includesUsage: Bool

  /// The most new tokens where a request does not say, as the OpenAI interface has it.
  static let defaultMaxTokens = 16

  /// Reads a body.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) {
    model = try fields.text("model")
    prompts = try Self.prompts(fields, limits: limits)
    options = try GenerationOptions(fields, limits: limits)
    if options.maxTokens == nil { options.maxTokens = Self.defaultMaxTokens }
    choices = try fields.integer("n", in: 1...limits.choices) ?? 1
    isStreamed = try fields.bool("stream") ?? false
    drawn = try fields.drawn(for: choices, isStreamed: isStreamed, limits: limits)
    if drawn * prompts.count > limits.sequences {
      throw .invalid(
        fields.name(drawn > choices ? "best_of" : "n"),
        "\(drawn) answers to \(prompts.count) prompts; at most \(limits.sequences) are given at once")
    }
    includesUsage = try fields.object("stream_options")?.bool("include_usage") ?? false
    options.logProbabilities = try fields.integer("logprobs", in: 0...limits.logProbabilities)
    try fields.refuse("echo", unless: [false], "is not supported")
    try fields.refuse("suffix", unless: [""], "is not supported")
    options.constraint = try Grammar.read(fields, limits: limits)
  }

  func task(_ engine: Engine, model name: String, limits: RequestLimits) throws -> AnswerTask {
    AnswerTask(
      prompts: try prompts.map { try limits.check(try engine.tokens(of: $0), "prompt") }, options: options,
      form: CompletionForm(
        header: AnswerHeader(prefix: "cmpl-", model: name), vocabulary: engine.tokenizer.vocabulary,
        hasLogProbabilities: options.logProbabilities != nil, includesUsage: includesUsage))
  }

  private static func prompts(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure) -> [Prompt] {
    switch try fields.required("prompt", fields["prompt"]) {
    case .string(let text): return [.text(text)]
    case .array(let elements):
      let name = fields.name("prompt")
      if elements.isEmpty { throw .invalid(name, "must not be empty") }
      if case .integer = elements[0] { return [.tokens(try TokenFields.read(elements, name))] }
      if elements.count > limits.sequences {
        throw .invalid(name, "has \(elements.count) prompts; at most \(limits.sequences) are taken")
      }
      var prompts: [Prompt] = []
      for (index, element) in elements.enumerated() {
        switch element {
        case .string(let text): prompts.append(.text(text))
        case .array(let ids): prompts.append(.tokens(try TokenFields.read(ids, "\(name)[\(index)]")))
        default:
          throw .invalid(
            "\(name)[\(index)]", "\(FieldReader.shown(element)) is neither a string nor an array of tokens")
        }
      }
      return prompts
    case let value:
      throw .invalid(fields.name("prompt"), "\(FieldReader.shown(value)) is neither a string nor an array")
    }
  }
}
