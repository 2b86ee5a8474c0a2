import ArgumentParser
import Console
import Costs
import Formats
import Planner

/// Times of a model that cannot be run.
package struct PlanIdealizedStack: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "stack", abstract: "Times of a model on devices at parts of their limits.",
    discussion: "The parts are those of Llama2-70B on two A100 where none are given.")

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model: String

  @Option(help: "A device by name.")
  package var device = "A100-SXM-80GB"

  @Option(help: "Devices that share each layer; by default the fewest that hold the weights.")
  package var devices: Int?

  @Option(help: "The part of the arithmetic rate that is reached.")
  package var computeShare: Double?

  @Option(help: "The part of the memory's rate that is reached.")
  package var memoryShare: Double?

  @Option(help: ArgumentHelp("Tokens of prompts.", valueName: "tokens"))
  var prompt = TokenCounts([128, 512, 2048, 8192])

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let found = try DeviceCatalogue.published.device(device)
    let decoder = try LongContextModel(try ModelArgument.shape(model))
    let bytes = decoder.parameters * decoder.weightBytes
    // Powers of two, as shares of heads are; a tenth of the memory is left for states.
    let least = [1, 2, 4, 8, 16, 32, 64].first { Double($0) * found.memory.value * 0.9 >= bytes } ?? 128
    let known = try ReferenceStack.fitted(
      IdealizedRuntimePrediction.llama2(), on: DeviceCatalogue.published.device("A100"), devices: 2,
      rows: ReferenceRow.llama2On2A100
    ).stack
    let stack = try ReferenceStack(
      decoder, on: found, devices: devices ?? least,
      efficiency: Efficiency(
        compute: computeShare ?? known.efficiency.compute, memory: memoryShare ?? known.efficiency.memory))
    for count in prompt.values where !(1...LongContextAnalysis.contextLimit).contains(count) {
      throw PlannerError.invalid(
        field: "--prompt", problem: "\(count) lies outside 1…\(LongContextAnalysis.contextLimit)")
    }
    if output.json {
      Output.answer(
        JSON.object([
          JSON.Member("model", .string(decoder.name)), JSON.Member("devices", .integer(stack.devices)),
          JSON.Member(
            "prompts",
            .array(
              prompt.values.map { count in
                [
                  "tokens": .integer(count), "promptSeconds": .number(stack.promptSeconds(count)),
                  "tokenSeconds": .number(stack.tokenSeconds(count)),
                ]
              })),
        ]).line)
    } else {
      let rows = prompt.values.map { count in
        [
          "\(count)", Human.fixed(stack.promptSeconds(count) * 1e3, 1), Human.fixed(stack.tokenSeconds(count) * 1e3, 2),
        ]
      }
      Output.answer(
        "\(decoder.name) on \(stack.devices) × \(found.name)\n"
          + Human.table([["prompt", "first token ms", "token ms"]] + rows, numeric: [0, 1, 2]))
    }
  }
}
