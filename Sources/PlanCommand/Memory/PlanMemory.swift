import ArgumentParser
import Console
import Costs
import Formats
import Planner

/// Whether a model fits, and how much of it.
package struct PlanMemory: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "What a model takes of a device's memory, and how many sequences fit beside it.",
    discussion: "A device with fewer bytes than the weights need is listed too, with no sequences.")

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model: String

  @Option(help: ArgumentHelp("Devices, by name; repeatable. By default all.", valueName: "name"))
  package var device: [String] = []

  @Option(help: ArgumentHelp("Bytes of a weight; 0.5625 for 4 bits with a scale for 32.", valueName: "bytes"))
  package var weights = 2.0

  @Option(help: ArgumentHelp("Bytes of a number of keys and values.", valueName: "bytes"))
  package var cache = 2.0

  @Option(help: ArgumentHelp("Tokens of a sequence, those of its prompt among them.", valueName: "tokens"))
  package var context = 4096

  @Option(help: ArgumentHelp("Sequences that are answered together.", valueName: "count"))
  package var batch = 1

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let shape = try ModelArgument.shape(model)
    let need = try InferenceMemory(
      shape, weightBytes: weights, stateBytes: cache, sequences: batch, tokens: context,
      stepTokens: min(context, 512))
    let devices =
      device.isEmpty
      ? DeviceCatalogue.published.entries.map(\.device)
      : try device.map { try DeviceCatalogue.published.device($0) }
    if output.json {
      Output.answer(json(shape, need, devices).line)
    } else {
      Output.answer(text(shape, need, devices))
    }
  }

  private func json(_ shape: TransformerShape, _ need: InferenceMemory, _ devices: [Device]) -> JSON {
    [
      "model": .string(shape.name), "parameters": .integer(shape.parameters), "weightBytes": .number(need.weights),
      "stateBytesPerToken": .number(need.statePerToken), "stateBytes": .number(need.state),
      "activationBytes": .number(need.activations), "totalBytes": .number(need.total),
      "devices": .array(
        devices.map { device in
          [
            "name": .string(device.name), "memoryBytes": .number(device.memory.value),
            "fits": .bool(need.total <= device.memory.value),
            "mostSequences": .integer(need.mostSequences(of: context, on: device)),
          ]
        }),
    ]
  }

  private func text(_ shape: TransformerShape, _ need: InferenceMemory, _ devices: [Device]) -> String {
    func giga(_ bytes: Double) -> String { Human.fixed(bytes / 1e9, 2) }
    let parts = [
      ["weights", giga(need.weights), "GB", "\(shape.parameters) of \(weights) bytes"],
      [
        "keys and values", giga(need.state), "GB",
        "\(batch) × \(context) tokens of \(Human.fixed(need.statePerToken, 0)) B",
      ],
      ["activations", giga(need.activations), "GB", ""], ["all", giga(need.total), "GB", ""],
    ]
    let rows = devices.map { device in
      [
        device.name, giga(device.memory.value), need.total <= device.memory.value ? "yes" : "no",
        "\(need.mostSequences(of: context, on: device))",
      ]
    }
    return shape.name + "\n" + Human.table(parts, numeric: [1]) + "\n\n"
      + Human.table([["device", "GB", "fits", "most sequences in 90 %"]] + rows, numeric: [1, 3])
  }
}
