import ArgumentParser
import Console
import Costs
import Formats
import Planner

/// What training a model further takes of memory.
package struct PlanFinetune: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "finetune", abstract: "What training a model further takes of memory: all of it, or adapters.",
    discussion: "Gradients and Adam are in 32 bits; activations are what the way back needs when it begins.")

  /// What is trained.
  enum Method: String, ExpressibleByArgument, CaseIterable {
    case full, lora, ladder
  }

  /// How frozen weights are kept.
  enum Base: String, ExpressibleByArgument, CaseIterable {
    case f32, bf16, nf4
  }

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model: String

  @Option(help: "What is trained: full, lora or ladder.")
  var method = Method.lora

  @Option(help: "How weights that are not trained are kept: f32, bf16 or nf4.")
  var base = Base.f32

  @Option(help: "The rank of LoRA's changes.")
  package var rank = 8

  @Option(help: ArgumentHelp("The matrices that LoRA changes; repeatable. By default all.", valueName: "name"))
  package var target: [String] = []

  @Option(help: "The width of a ladder.")
  package var width = 64

  @Option(help: ArgumentHelp("The blocks of the model for each of a ladder's.", valueName: "count"))
  package var every = 1

  @Option(help: ArgumentHelp("Sequences of a step.", valueName: "count"))
  package var batch = 1

  @Option(help: ArgumentHelp("Tokens of a sequence.", valueName: "count"))
  package var tokens = 512

  @Option(help: ArgumentHelp("Devices, by name; repeatable. By default all.", valueName: "name"))
  package var device: [String] = []

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let shape = try ModelArgument.shape(model)
    let kept: FineTuningMemory.Base =
      switch base {
      case .f32: .whole(bytes: 4)
      case .bf16: .whole(bytes: 2)
      case .nf4: .nf4
      }
    if method == .full, base != .f32 {
      throw PlannerError.invalid(field: "base", problem: "\(base.rawValue), where all weights are trained, in f32")
    }
    let need = try FineTuningMemory(shape, trained(), base: kept, sequences: batch, tokens: tokens)
    let devices =
      device.isEmpty
      ? DeviceCatalogue.published.entries.map(\.device)
      : try device.map { try DeviceCatalogue.published.device($0) }
    Output.answer(output.json ? json(shape, need, devices).line : text(shape, need, devices))
  }

  private func trained() throws(PlannerError) -> FineTuningMemory.Method {
    switch method {
    case .full: return .full
    case .ladder: return .ladder(width: width, every: every)
    case .lora:
      if target.isEmpty { return .lowRank(rank: rank) }
      var matrices: Set<FineTuningMemory.Matrix> = []
      for name in target {
        guard let matrix = FineTuningMemory.Matrix(rawValue: name) else {
          let known = FineTuningMemory.Matrix.allCases.map(\.rawValue).joined(separator: ", ")
          throw .invalid(field: "target", problem: "\(name) is none of \(known)")
        }
        matrices.insert(matrix)
      }
      return .lowRank(rank: rank, of: matrices)
    }
  }

  private func json(_ shape: TransformerShape, _ need: FineTuningMemory, _ devices: [Device]) -> JSON {
    [
      "model": .string(shape.name), "parameters": .integer(shape.parameters), "trained": .integer(need.trained),
      "weightBytes": .number(need.weights), "gradientBytes": .number(need.gradients),
      "optimizerBytes": .number(need.optimizer), "activationBytes": .number(need.activations),
      "totalBytes": .number(need.total),
      "devices": .array(
        devices.map { device in
          [
            "name": .string(device.name), "memoryBytes": .number(device.memory.value),
            "fits": .bool(need.fits(device)),
          ]
        }),
    ]
  }

  private func text(_ shape: TransformerShape, _ need: FineTuningMemory, _ devices: [Device]) -> String {
    func giga(_ bytes: Double) -> String { Human.fixed(bytes / 1e9, 3) }
    let parts = [
      ["weights", giga(need.weights), "GB", "\(shape.parameters), \(need.trained) trained"],
      ["gradients", giga(need.gradients), "GB", ""], ["optimizer", giga(need.optimizer), "GB", ""],
      ["activations", giga(need.activations), "GB", "\(batch) × \(tokens) tokens"],
      ["all", giga(need.total), "GB", ""],
    ]
    let rows = devices.map { [$0.name, giga($0.memory.value), need.fits($0) ? "yes" : "no"] }
    return shape.name + "\n" + Human.table(parts, numeric: [1]) + "\n\n"
      + Human.table([["device", "GB", "fits in 90 %"]] + rows, numeric: [1])
  }
}
