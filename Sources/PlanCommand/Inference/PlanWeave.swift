import ArgumentParser
import Console
import Costs
import Formats
import Planner

/// What it brings to weave two parts of a batch.
package struct PlanWeave: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "weave",
    abstract: "Tensor-parallel prefill of which one half computes while the other's sums are exchanged.",
    discussion: """
      Milliseconds of all layers in four modes: plain, sums and norms fused, woven, and without any exchange. The woven mode has the \
      split and the processors that are fastest (Gond et al.: TokenWeave, 2025).
      """)

  @OptionGroup var parallel: TensorParallelOptions

  @Option(help: ArgumentHelp("Tokens of a batch; 4k is 4000.", valueName: "tokens"))
  var tokens = TokenCounts([512, 1024, 2048, 4096, 8192, 16_384])

  @Option(help: ArgumentHelp("Tokens of a sequence.", valueName: "tokens"))
  package var sequence = 16_384

  @Option(help: ArgumentHelp("Processors of a device.", valueName: "count"))
  package var processors = 132

  @Option(help: ArgumentHelp("Tokens from which on a batch is divided.", valueName: "tokens"))
  package var threshold = 1024

  @Option(
    help: ArgumentHelp(
      "10⁹ bytes a second of a device to the switches; the device's own unless given.", valueName: "GB/s"))
  package var bandwidth: Double?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let found = try parallel.found
    var constants = TokenWeave.Constants(processors: processors)
    if let bandwidth = bandwidth.map({ $0 * 1e9 }) ?? found.link?.value {
      constants.link = try Link(latency: constants.link.latency, bandwidth: bandwidth)
    }
    let engine = try TokenWeave(
      try parallel.shape, on: found, devices: parallel.devices, sequence: sequence, constants: constants,
      threshold: threshold)
    let rows = try tokens.values.map { (tokens: $0, estimate: try engine.estimate(tokens: $0)) }
    if output.json {
      let list = rows.map { row -> JSON in
        let estimate = row.estimate
        return [
          "tokens": .integer(row.tokens), "exchangeShare": .number(estimate.exchangeShare),
          "shareWithNorm": .number(estimate.shareWithNorm),
          "seconds": .object(
            TokenWeave.Mode.allCases.map { JSON.Member($0.rawValue, .number(estimate.seconds[$0] ?? .nan)) }),
          "gain": .number(estimate.gain()), "hidden": .number(estimate.hidden),
          "first": estimate.split.map { .integer($0.first) } ?? .null,
          "communicating": estimate.split.map { .integer($0.communicating) } ?? .null,
        ]
      }
      return Output.answer(
        JSON.object([JSON.Member("model", .string(engine.shape.name)), JSON.Member("rows", .array(list))]).line)
    }
    let table = rows.map { row -> [String] in
      let estimate = row.estimate
      let modes: [TokenWeave.Mode] = [.none, .fuse, .weave, .silent]
      var cells = ["\(row.tokens)", Human.fixed(100 * estimate.shareWithNorm, 1)]
      cells += modes.map { mode in Human.fixed((estimate.seconds[mode] ?? .nan) * 1e3, 2) }
      cells += [Human.fixed(estimate.gain(), 3), Human.fixed(100 * estimate.hidden, 0)]
      cells.append(estimate.split.map { "\($0.first) + \(row.tokens - $0.first)" } ?? "–")
      cells.append(estimate.split.map { "\($0.communicating)" } ?? "–")
      return cells
    }
    let names = [
      "tokens", "sums and norms %", "plain ms", "fused", "woven", "no exchange", "times faster", "hidden %", "split",
      "processors",
    ]
    Output.answer(
      "\(engine.shape.name) on \(parallel.devices) × \(found.name)\n"
        + Human.table([names] + table, numeric: Set(0...9)))
  }
}
