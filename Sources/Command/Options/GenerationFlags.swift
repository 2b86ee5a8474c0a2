import ArgumentParser
import Venturi

/// How an answer is drawn; llama.cpp's names and defaults.
package struct GenerationFlags: ParsableArguments {
  @Option(
    name: [.customShort("n"), .customLong("max-tokens"), .customLong("n-predict"), .customLong("predict")],
    parsing: .unconditional, help: "The most new tokens; -1 goes on until the model ends or the context is full.")
  package var maxTokens: Int = -1

  @Option(
    name: [.customShort("c"), .customLong("ctx-size")], parsing: .unconditional,
    help: "The longest sequence; 0 takes the model's own.")
  package var contextSize: Int = 0

  @OptionGroup package var batch: BatchOptions
  @OptionGroup package var sparse: SparseOption

  @Option(
    name: [.customShort("s"), .customLong("seed")], parsing: .unconditional,
    help: "The seed: the same gives the same answer; -1 draws one.")
  package var seed: Int = -1

  @Option(
    name: [.customLong("temp"), .customLong("temperature")], parsing: .unconditional,
    help: "The temperature; 0 takes the likeliest token.")
  package var temperature: Float = 0.8

  @Option(parsing: .unconditional, help: "Keep the likeliest tokens, so many; 0 keeps all.")
  package var topK: Int = 40

  @Option(
    parsing: .unconditional,
    help: "Keep the fewest likeliest tokens that together have this probability; 1 keeps all.")
  package var topP: Float = 0.95

  @Option(parsing: .unconditional, help: "Keep tokens at least this times as likely as the likeliest; 0 keeps all.")
  package var minP: Float = 0.05

  @Option(parsing: .unconditional, help: "Divide the logits of recent tokens by this; 1 does nothing.")
  package var repeatPenalty: Float = 1

  @Option(parsing: .unconditional, help: "How many recent tokens count for penalties; -1 takes the whole context.")
  package var repeatLastN: Int = 64

  @Option(parsing: .unconditional, help: "Subtract this from the logits of recent tokens.")
  package var presencePenalty: Float = 0

  @Option(parsing: .unconditional, help: "Subtract this from the logits of recent tokens for each time they occurred.")
  package var frequencyPenalty: Float = 0

  @Option(
    name: [.customShort("l"), .customLong("logit-bias")],
    help: ArgumentHelp("Add to a token's logit; repeatable.", valueName: "id(+|-)bias"))
  package var logitBias: [LogitBias] = []

  @Option(
    name: [.customShort("r"), .customLong("stop"), .customLong("reverse-prompt")],
    help: ArgumentHelp("End the answer before this text; repeatable.", valueName: "text"))
  package var stop: [String] = []

  @Flag(help: "Go on after tokens that end an answer.")
  package var ignoreEos = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Guess so many tokens ahead from earlier text; the answer stays the same, bit for bit.",
      discussion: "0, none, unless a profile says otherwise."))
  package var lookup: Int?

  @Option(help: ArgumentHelp("Answer only with what a GBNF grammar describes.", valueName: "file"))
  package var grammar: String?

  @Option(help: ArgumentHelp("Answer only with JSON that a schema allows.", valueName: "file"))
  package var jsonSchema: String?

  @Option(
    name: [.customLong("model-draft"), .customLong("md", withSingleDash: true)],
    help: ArgumentHelp(
      "A smaller model of the same vocabulary that guesses ahead; the answer stays the same.", valueName: "model"))
  package var draftModel: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The most tokens that the smaller model guesses at once.", valueName: "tokens"))
  package var draftMax: Int?

  @Option(
    name: [.customLong("system-prompt"), .customLong("sys", withSingleDash: true)],
    help: "Instructions at the start of the conversation.")
  package var systemPrompt: String?

  package init() {}

  package func validate() throws {
    if maxTokens < -1 || maxTokens == 0 { throw ValidationError("--max-tokens \(maxTokens): must be -1 or at least 1") }
    if contextSize < 0 { throw ValidationError("--ctx-size \(contextSize): must be 0 or more") }
    if grammar != nil, jsonSchema != nil { throw ValidationError("--grammar and --json-schema exclude each other") }
    if seed < -1 { throw ValidationError("--seed \(seed): must be -1 or more") }
  }

  /// The longest sequence, if it was given.
  package var contextLength: Int? { contextSize == 0 ? nil : contextSize }

  /// What the answer must be, if it was given.
  ///
  /// - Throws: `TextError` for a grammar or schema that is none, or that the engine does not know, `ProfilingError` for a
  ///   file that cannot be read.
  private func constraint() throws -> Grammar? {
    if let grammar { return try Grammar(gbnf: try InputText.file(grammar)) }
    guard let jsonSchema else { return nil }
    let schema: JSON
    do { schema = try JSON(parsing: try InputText.file(jsonSchema)) } catch let error as JSONError {
      throw ValidationError("--json-schema \(jsonSchema): \(error)")
    }
    return try Grammar(jsonSchema: schema)
  }

  /// The options as the library has them.
  ///
  /// - Throws: `TextError`, `ProfilingError` and `ValidationError` for a grammar or schema.
  package func options(logprobs: Int? = nil) throws -> GenerationOptions {
    GenerationOptions(
      maxTokens: maxTokens == -1 ? nil : maxTokens, temperature: temperature, topK: topK, topP: topP, minP: minP,
      repeatPenalty: repeatPenalty, frequencyPenalty: frequencyPenalty, presencePenalty: presencePenalty,
      penaltyWindow: repeatLastN,
      logitBias: Dictionary(logitBias.map { ($0.token, $0.bias) }, uniquingKeysWith: { $1 }),
      seed: seed == -1 ? nil : UInt64(seed), stop: stop, logProbabilities: logprobs, tokenEvents: logprobs != nil,
      ignoreEnd: ignoreEos, lookup: lookup, draft: draftMax, constraint: try constraint())
  }
}
