import ArgumentParser
import Console
import Formats
import Planner

/// What a token's keys and values take, and what it computes.
package struct PlanState: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "kv", abstract: "What a model keeps of a token, what it computes for one, and its weights.",
    discussion:
      "Latent attention keeps one short vector; 'expanded' is what a key and a value of every head would take.")

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model: String

  @Option(help: ArgumentHelp("Bytes of a number of keys and values.", valueName: "bytes"))
  package var cache = 2.0

  @Option(help: ArgumentHelp("Tokens of a sequence.", valueName: "tokens"))
  package var context = 4096

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let shape = try ModelArgument.shape(model)
    guard cache > 0, cache <= 16 else {
      throw PlannerError.invalid(field: "cache", problem: "\(cache) lies outside 0…16 bytes")
    }
    let operations = try shape.trainingOperationsPerToken(sequence: context, causal: true)
    let token = cache * Double(shape.stateNumbersPerToken)
    let expanded = cache * Double(shape.layers * shape.heads) * Double(shape.queryDim + shape.valueDim)
    guard output.json else {
      return Output.answer(
        shape.name + "\n"
          + Human.table(
            [
              ["keys and values of a token", Human.fixed(token / 1e3, 3), "kB"],
              ["expanded, a key and a value of every head", Human.fixed(expanded / 1e3, 3), "kB"],
              ["of \(context) tokens", Human.fixed(token * Double(context) / 1e9, 3), "GB"],
              ["weights", Human.fixed(Double(shape.parameters) / 1e9, 3), "10⁹"],
              ["weights that a token meets", Human.fixed(Double(shape.activeParameters) / 1e9, 3), "10⁹"],
              ["training operations of a token at \(context)", Human.fixed(operations / 1e9, 2), "10⁹"],
            ], numeric: [1]))
    }
    let json: JSON = [
      "model": .string(shape.name), "stateBytesPerToken": .number(token), "expandedBytesPerToken": .number(expanded),
      "stateBytes": .number(token * Double(context)), "parameters": .integer(shape.parameters),
      "activeParameters": .integer(shape.activeParameters), "trainingOperationsPerToken": .number(operations),
    ]
    Output.answer(json.line)
  }
}
