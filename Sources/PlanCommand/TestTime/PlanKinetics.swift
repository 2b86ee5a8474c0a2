import ArgumentParser
import Console
import Costs
import Formats
import Planner

/// What many long answers cost.
package struct PlanKinetics: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "cost", abstract: "Operations and traffic of many long answers, and the part of attention.",
    discussion: """
      Equivalent operations are operations and, for each byte of keys and values, as many as the device does while it reads one \
      (Sadhukhan et al.: Kinetics, 2025). --intensity 0 is the law without traffic.
      """)

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model: String

  @Option(help: ArgumentHelp("Answers to a question.", valueName: "counts"))
  package var trials = CountList([1, 8, 32])

  @Option(help: ArgumentHelp("Tokens of an answer; 8k is 8000.", valueName: "tokens"))
  var length = TokenCounts([2000, 8000, 32_000])

  @Option(help: "Tokens of the question.")
  package var prompt = 128

  @Option(
    help: ArgumentHelp(
      "Sparse attention: top:BUDGET, or block:SIZExCOUNT+WINDOW, for example block:16x64+128.", valueName: "kind"))
  package var sparse: String?

  @Option(help: "The device whose 8-bit rate over bandwidth prices traffic; else 562.5, a B200's.")
  package var device: String?

  @Option(help: "Operations for a byte, in place of the device's.")
  package var intensity: Double?

  @Option(help: "Answers that read the weights together; without it their traffic costs nothing.")
  package var batch: Int?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let shape = try ModelArgument.shape(model)
    // The paper's own counts of weights where it has them.
    let decoder = KineticsModel.qwen3.first { $0.name == shape.name } ?? KineticsModel(shape)
    let attention = try SparseArgument.attention(sparse)
    let kinetics = try Kinetics(decoder, attention: attention, batch: batch)
    let intensity = try intensityValue()
    var rows: [(load: KineticsLoad, cost: KineticsCost)] = []
    for count in trials.values {
      for tokens in length.values {
        let load = try KineticsLoad(trials: count, prompt: prompt, answer: tokens)
        rows.append((load, kinetics.cost(load)))
      }
    }
    if output.json {
      let list = rows.map { row -> JSON in
        [
          "trials": .integer(row.load.trials), "tokens": .integer(row.load.answer), "linear": .number(row.cost.linear),
          "attention": .number(row.cost.attention), "stateBytes": .number(row.cost.keyValueBytes),
          "weightBytes": .number(row.cost.weightBytes),
          "equivalent": .number(row.cost.equivalent(intensity: intensity)),
          "attentionShare": .number(row.cost.attentionShare(intensity: intensity)),
        ]
      }
      Output.answer(
        JSON.object([
          JSON.Member("model", .string(decoder.name)), JSON.Member("intensity", .number(intensity)),
          JSON.Member("rows", .array(list)),
        ]).line)
    } else {
      let table = rows.map { row in
        [
          "\(row.load.trials)", "\(row.load.answer)", Human.fixed(row.cost.linear / 1e12, 2),
          Human.fixed(row.cost.attention / 1e12, 2),
          Human.fixed(intensity * (row.cost.keyValueBytes + row.cost.weightBytes) / 1e12, 2),
          Human.fixed(row.cost.equivalent(intensity: intensity) / 1e12, 2),
          Human.fixed(100 * row.cost.attentionShare(intensity: intensity), 1),
        ]
      }
      let names = ["answers", "tokens", "weights T", "attention T", "traffic T", "all T", "attention %"]
      Output.answer(
        "\(decoder.name), \(Human.fixed(intensity, 1)) operations for a byte\n"
          + Human.table([names] + table, numeric: Set(0...6)))
    }
  }

  private func intensityValue() throws -> Double {
    if let intensity {
      guard intensity >= 0, intensity.isFinite else {
        throw PlannerError.invalid(field: "--intensity", problem: "\(intensity) must not be below 0")
      }
      return intensity
    }
    guard let device else { return Kinetics.defaultIntensity }
    let found = try DeviceCatalogue.published.device(device)
    let rate = found.compute[.fp8] ?? found.compute[.bf16] ?? found.compute[.f16]
    guard let rate else { throw PlannerError.unsupportedPrecision(.bf16, device: found.name) }
    return rate.value / found.bandwidth.value
  }
}
