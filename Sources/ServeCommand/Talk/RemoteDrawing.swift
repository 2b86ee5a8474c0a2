import ArgumentParser
import Console
import Venturi

/// How a server is asked to draw its answer; what is not given is left to the server.
package struct RemoteDrawing: ParsableArguments {
  @Option(
    name: [.customShort("n"), .customLong("max-tokens"), .customLong("n-predict"), .customLong("predict")],
    parsing: .unconditional, help: "The most new tokens; -1 leaves it to the server.")
  package var maxTokens: Int = -1

  @Option(
    name: [.customShort("s"), .customLong("seed")], parsing: .unconditional,
    help: "The seed; -1 leaves it to the server.")
  package var seed: Int = -1

  @Option(name: [.customLong("temp"), .customLong("temperature")], parsing: .unconditional, help: "The temperature.")
  package var temperature: Double?

  @Option(parsing: .unconditional, help: "Keep the likeliest tokens, so many.")
  package var topK: Int?

  @Option(parsing: .unconditional, help: "Keep the fewest likeliest tokens that together have this probability.")
  package var topP: Double?

  @Option(parsing: .unconditional, help: "Keep tokens at least this times as likely as the likeliest.")
  package var minP: Double?

  @Option(parsing: .unconditional, help: "Divide the logits of recent tokens by this.")
  package var repeatPenalty: Double?

  @Option(parsing: .unconditional, help: "Subtract this from the logits of earlier tokens.")
  package var presencePenalty: Double?

  @Option(parsing: .unconditional, help: "Subtract this from the logits of earlier tokens for each time they occurred.")
  package var frequencyPenalty: Double?

  @Option(
    name: [.customShort("r"), .customLong("stop"), .customLong("reverse-prompt")],
    help: ArgumentHelp("End the answer before this text; repeatable.", valueName: "text"))
  package var stop: [String] = []

  @Option(help: ArgumentHelp("Answer only with what a GBNF grammar describes.", valueName: "file"))
  package var grammar: String?

  @Option(help: ArgumentHelp("Answer only with JSON that a schema allows.", valueName: "file"))
  package var jsonSchema: String?

  @Option(
    name: [.customLong("system-prompt"), .customLong("sys", withSingleDash: true)],
    help: "Instructions at the start of the conversation.")
  package var systemPrompt: String?

  package init() {}

  package func validate() throws {
    if maxTokens < -1 || maxTokens == 0 { throw ValidationError("--max-tokens \(maxTokens): must be -1 or at least 1") }
    if seed < -1 { throw ValidationError("--seed \(seed): must be -1 or more") }
    if grammar != nil, jsonSchema != nil { throw ValidationError("--grammar and --json-schema exclude each other") }
  }

  /// The fields of a request.
  ///
  /// - Throws: `ProfilingError` for a file that cannot be read, `ValidationError`.
  func fields() throws -> [JSON.Member] {
    var fields: [JSON.Member] = []
    func add(_ name: String, _ value: JSON?) { if let value { fields.append(JSON.Member(name, value)) } }
    add("max_tokens", maxTokens == -1 ? nil : .integer(maxTokens))
    add("seed", seed == -1 ? nil : .integer(seed))
    let numbers = [
      ("temperature", temperature), ("top_p", topP), ("min_p", minP), ("repeat_penalty", repeatPenalty),
      ("presence_penalty", presencePenalty), ("frequency_penalty", frequencyPenalty),
    ]
    for (name, value) in numbers { add(name, value.map { .number($0) }) }
    add("top_k", topK.map { .integer($0) })
    add("stop", stop.isEmpty ? nil : .array(stop.map { .string($0) }))
    add("grammar", try grammar.map { .string(try InputText.file($0)) })
    if let jsonSchema {
      let schema: JSON
      do { schema = try JSON(parsing: try InputText.file(jsonSchema)) } catch let error as JSONError {
        throw ValidationError("--json-schema \(jsonSchema): \(error)")
      }
      add(
        "response_format",
        ["type": "json_schema", "json_schema": ["name": "answer", "strict": true, "schema": schema]])
    }
    return fields
  }
}
