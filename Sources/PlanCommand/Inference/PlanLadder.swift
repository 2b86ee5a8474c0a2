import ArgumentParser
import Console
import Costs
import Formats
import Planner

/// What ladder residuals bring to tensor-parallel decoding.
package struct PlanLadder: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "ladder", abstract: "Tensor-parallel decoding whose all-reduces overlap with the next block.",
    discussion: """
      Times of the standard residual stream and of its relatives, two streams simulated (Zhang et al.: Ladder-Residual, 2025). The \
      constants are those fitted on the standard rows of a 70-billion model on H100; --plain takes the device at its limits.
      """)

  @OptionGroup var parallel: TensorParallelOptions

  @Option(help: "Sequences.")
  package var batch = 1

  @Option(help: ArgumentHelp("Tokens of a prompt.", valueName: "tokens"))
  package var prompt = 1024

  @Option(help: ArgumentHelp("Tokens of an answer.", valueName: "tokens"))
  package var gen = 512

  @Option(
    help: ArgumentHelp(
      "Layers with ladders, the first and the one behind the last; all unless given.", valueName: "a-b"))
  package var range: String?

  @Option(help: ArgumentHelp("Blocks between two exchanges of the desynchronised stream.", valueName: "count"))
  package var desync = 4

  @Option(
    help: ArgumentHelp(
      "Microseconds of a message's first byte, with --bandwidth in place of the fitted link.", valueName: "µs"))
  package var latency: Double?

  @Option(help: ArgumentHelp("10⁹ bytes a second between devices in one direction.", valueName: "GB/s"))
  package var bandwidth: Double?

  @Flag(help: "The links of devices that do not write to each other's memory.")
  package var indirect = false

  @Flag(help: "The device at its limits.")
  package var plain = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  private struct Row {
    var wiring: ResidualWiring
    var step: StreamTimeline
    var speed: Double
  }

  package func run() throws {
    let shape = try parallel.shape
    let engine = try LadderResidual(
      shape, on: try parallel.found, devices: parallel.devices, constants: try constants())
    let taken = plain ? 0 : LadderResidual.taken
    var rows: [Row] = []
    _ = try engine.tokensPerSecond(.silent, batch: batch, prompt: prompt, answer: gen)
    let step = try engine.step(batch: batch, tokens: 1, cache: prompt + gen)
    for wiring: ResidualWiring in [.standard, .ladder(try layers(shape)), .parallel, .desync(every: desync), .silent] {
      rows.append(
        Row(
          wiring: wiring, step: try step.schedule(wiring, layers: shape.layers).run(taken: taken),
          speed: try engine.tokensPerSecond(wiring, batch: batch, prompt: prompt, answer: gen, taken: taken)))
    }
    let standard = rows.first?.speed ?? .nan
    if output.json {
      let list = rows.map { row -> JSON in
        [
          "wiring": .string(row.wiring.name), "stepSeconds": .number(row.step.seconds),
          "communicationSeconds": .number(row.step.communicating), "exposedSeconds": .number(row.step.exposed),
          "hidden": .number(row.step.hidden), "tokensPerSecond": .number(row.speed),
          "speedup": .number(row.speed / standard),
        ]
      }
      return Output.answer(
        JSON.object([
          JSON.Member("model", .string(shape.name)), JSON.Member("attentionSeconds", .number(step.attention)),
          JSON.Member("feedForwardSeconds", .number(step.feedForward)),
          JSON.Member("allReduceSeconds", .number(step.allReduce)), JSON.Member("rows", .array(list)),
        ]).line)
    }
    let table = rows.map { row in
      [
        row.wiring.name, Human.fixed(row.step.seconds * 1e3, 2), Human.fixed(row.step.communicating * 1e3, 2),
        Human.fixed(100 * row.step.hidden, 0), Human.fixed(row.speed, 1), Human.fixed(row.speed / standard, 2),
      ]
    }
    func micro(_ seconds: Double) -> String { Human.fixed(seconds * 1e6, 1) }
    Output.answer(
      "\(shape.name) on \(parallel.devices) × \(parallel.device): attention \(micro(step.attention)) µs, feed-forward "
        + "\(micro(step.feedForward)) µs, all-reduce \(micro(step.allReduce)) µs\n"
        + Human.table(
          [["", "step ms", "sums ms", "hidden %", "tokens/s", "times standard"]] + table, numeric: Set(1...5)))
  }

  private func layers(_ shape: TransformerShape) throws -> Range<Int> {
    guard let range else { return 0..<shape.layers }
    let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count == 2, let first = ends[0], let end = ends[1], first <= end else {
      throw PlannerError.invalid(field: "--range", problem: "'\(range)' is no pair like 40-80")
    }
    return first..<end
  }

  private func constants() throws -> LadderResidual.Constants {
    var constants = LadderResidual.Constants.plain
    if !plain {
      let fitted = try LadderPrediction()
      constants = indirect ? fitted.indirect : fitted.direct
    }
    guard latency != nil || bandwidth != nil else { return constants }
    let old = constants.links[0]
    constants.links = [
      try Link(
        latency: latency.map { $0 / 1e6 } ?? old.latency, bandwidth: bandwidth.map { $0 * 1e9 } ?? old.bandwidth)
    ]
    return constants
  }
}
