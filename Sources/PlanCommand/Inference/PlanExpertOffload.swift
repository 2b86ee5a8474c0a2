import ArgumentParser
import Console
import Costs
import Formats
import Planner

/// Serving with weights that stream to the device and keys that stay with the processor.
package struct PlanExpertOffload: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "moe-offload",
    abstract: "Serving a model whose weights stream to the device: speed, and what limits it.",
    discussion: """
      Every pass streams all weights; the processor keeps keys and values and computes attention of tokens (Yuan et al.: MoE-Lens, \
      2025). --simulate runs the scheduler pass by pass beside the formula. GB are 10⁹ bytes.
      """)

  @Option(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model = "mixtral-8x7b"

  @Option(help: "A device by name.")
  package var device = "a40"

  @Option(help: ArgumentHelp("10⁹ bytes a second from the processor's memory to the device.", valueName: "GB/s"))
  package var bio = 19.5

  @Option(help: ArgumentHelp("10⁹ bytes a second of the processor's memory.", valueName: "GB/s"))
  package var cpuBw = 150.0

  @Option(help: ArgumentHelp("GB for keys and values.", valueName: "GB"))
  package var kvGb = 70.0

  @Option(help: ArgumentHelp("Tokens of a prompt.", valueName: "tokens"))
  package var prompt = 98

  @Option(help: ArgumentHelp("Tokens of an answer.", valueName: "tokens"))
  package var gen = 32

  @Option(help: ArgumentHelp("Requests, all there at the beginning.", valueName: "count"))
  package var requests = 25_000

  @Option(help: ArgumentHelp("Tokens of a page of keys and values.", valueName: "tokens"))
  package var page = 16

  @Option(help: ArgumentHelp("Bytes of a weight.", valueName: "bytes"))
  package var weights = 2.0

  @Option(help: "The part of the device's rate that products reach.")
  package var computeShare = 0.66

  @Flag(help: "Run the scheduler too.")
  package var simulate = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let machine = try MoELens(
      try ModelArgument.shape(model), on: try DeviceCatalogue.published.device(device), computeShare: computeShare,
      weightWidth: weights, stateMemory: kvGb * 1e9, link: bio * 1e9, processorBandwidth: cpuBw * 1e9, pageTokens: page)
    let load = try MoELensLoad(prompt: prompt, answer: gen, requests: requests)
    let estimate = try MoELensEstimate(machine, load)
    let gains = try machine.gains(load)
    let report = simulate ? try MoELensSimulation.run(machine, load) : nil
    if output.json {
      Output.answer(json(machine, load, estimate, gains, report).line)
    } else {
      Output.answer(text(machine, load, estimate, gains, report))
    }
  }

  /// What buys the most, and all that buy as much.
  private func binding(_ gains: [MoELens.Gain]) -> [MoELens.Resource] {
    let most = gains.first?.gain ?? 0
    return gains.filter { $0.gain > 0.5 * most && $0.gain > 0.005 }.map(\.resource)
  }

  private func json(
    _ machine: MoELens, _ load: MoELensLoad, _ estimate: MoELensEstimate,
    _ gains: [MoELens.Gain], _ report: MoELensReport?
  ) -> JSON {
    [
      "weightBytes": .number(machine.weightBytes), "stateTokens": .number(machine.stateTokens),
      "parallelismMemoryEfficiency": .number(MoELens.parallelismMemoryEfficiency(load)),
      "streamSeconds": .number(machine.streamSeconds), "saturatingTokens": .number(machine.saturatingTokens),
      "bound": .number(machine.bound(load)), "started": .number(estimate.started), "tokens": .number(estimate.tokens),
      "passSeconds": .number(estimate.passSeconds), "attentionSeconds": .number(estimate.attentionSeconds),
      "passes": .number(estimate.passes), "throughput": .number(estimate.throughput),
      "deviceUtilization": .number(estimate.deviceUtilization),
      "binding": .array(binding(gains).map { .string($0.rawValue) }),
      "gains": .object(gains.map { JSON.Member($0.resource.rawValue, .number($0.gain)) }),
      "simulated": report.map {
        [
          "throughput": .number($0.throughput), "passes": .integer($0.passes), "seconds": .number($0.seconds),
          "preemptions": .integer($0.preemptions), "recomputedTokens": .integer($0.recomputedTokens),
          "mostPages": .integer($0.mostPages), "deviceUtilization": .number($0.deviceUtilization),
        ]
      } ?? .null,
    ]
  }

  private func text(
    _ machine: MoELens, _ load: MoELensLoad, _ estimate: MoELensEstimate,
    _ gains: [MoELens.Gain], _ report: MoELensReport?
  ) -> String {
    var rows = [
      ["weights", Human.fixed(machine.weightBytes / 1e9, 1), "GB"],
      ["a pass streams them in, δ", Human.fixed(machine.streamSeconds, 2), "s"],
      ["tokens that saturate the device, n*", Human.fixed(machine.saturatingTokens, 0), ""],
      ["tokens kept, M", Human.fixed(machine.stateTokens, 0), ""],
      ["tokens of a pass for one kept, PME", Human.fixed(MoELens.parallelismMemoryEfficiency(load), 5), ""],
      ["bound, prompts counted", Human.fixed(machine.bound(load), 1), "tokens/s"],
      ["requests started in a pass", Human.fixed(estimate.started, 1), ""],
      ["tokens of a pass", Human.fixed(estimate.tokens, 0), ""],
      ["a pass", Human.fixed(estimate.passSeconds, 2), "s"],
      ["attention in it", Human.fixed(estimate.attentionSeconds, 2), "s"],
      ["the device computes", Human.fixed(100 * estimate.deviceUtilization, 1), "%"],
      ["throughput of answers", Human.fixed(estimate.throughput, 1), "tokens/s"],
    ]
    if let report {
      rows += [
        ["simulated", Human.fixed(report.throughput, 1), "tokens/s"],
        ["  passes", "\(report.passes)", ""],
        ["  preemptions", "\(report.preemptions)", ""],
        ["  tokens computed again", "\(report.recomputedTokens)", ""],
      ]
    }
    rows += gains.map { ["10 % more of \($0.resource.rawValue)", "+" + Human.fixed(100 * max(0, $0.gain), 1), "%"] }
    let names = binding(gains).map(\.rawValue).joined(separator: ", ")
    return Human.table(rows, numeric: [1]) + "\nbound by: " + (names.isEmpty ? "the number of requests" : names)
  }
}
