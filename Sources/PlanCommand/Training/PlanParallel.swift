import ArgumentParser
import Console
import Formats
import Planner

/// How a training run can lie on a cluster.
package struct PlanParallel: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "parallel",
    abstract: "Ranks the layouts of a training run on a cluster: time, memory, and what is waited for.",
    discussion: """
      Every combination of tensor groups, stages, copies, microbatch, chunks, schedule, recomputation and sharing is tried. Clusters: \
      selene (A100; its fractions are fitted on Megatron's table), frontier, h800, or a YAML file with device and tiers. With --layout one \
      layout is taken apart, and if it cannot be it is said why: 't=8,p=64,d=6', with b, v, recompute (none, attention, layer), zero \
      (0…3) and norms (true) as wanted.
      """)

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model: String

  @Option(help: ArgumentHelp("A published cluster or a YAML file.", valueName: "cluster")) package var cluster =
    "selene"
  @Option(help: ArgumentHelp("Devices.", valueName: "count")) package var devices: Int
  @Option(help: ArgumentHelp("Sequences of a step.", valueName: "count")) package var batch: Int
  @Option(help: ArgumentHelp("Tokens of a sequence.", valueName: "count")) package var sequence = 2048
  @Option(help: ArgumentHelp("The most layouts that are shown.", valueName: "count")) package var top = 10
  @Option(help: ArgumentHelp("One layout to take apart.", valueName: "layout")) package var layout: String?
  @Option(help: ArgumentHelp("Bytes of state a weight has: 14, 16 or 18.", valueName: "bytes")) package var state = 16
  @Flag(help: "Keep attention's matrices in memory, as programs did before FlashAttention.") package var matrices =
    false
  @Flag(help: "Show the layouts of which none is both faster and smaller, instead of the fastest.") package var front =
    false
  @Flag(name: .customLong("why-not"), help: "Show also which t, p and d have no layout, and why.") package var whyNot =
    false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    guard let accounting = StateAccounting(rawValue: state) else {
      throw PlannerError.invalid(field: "state", problem: "\(state) is none of 14, 16 and 18 bytes")
    }
    guard (1...10_000).contains(top) else {
      throw PlannerError.invalid(field: "top", problem: "\(top) lies outside 1…10000")
    }
    let run = try TrainingRun(
      ModelArgument.shape(model), sequence: sequence, batch: batch,
      kernel: matrices ? .materialized(dropout: true) : .tiled, widths: accounting.widths)
    let costs = try ClusterArgument.model(cluster)
    if let layout {
      return try answer([estimate(LayoutArgument.layout(layout), run, costs)], [], run, costs, examined: 1)
    }
    let search = try LayoutSearch(run, devices: devices, costs)
    try answer(
      Array((front ? search.front : search.ranked).prefix(top)), whyNot ? search.refused : [], run, costs,
      examined: search.examined)
  }

  private func estimate(
    _ layout: ParallelLayout, _ run: TrainingRun, _ costs: ParallelCostModel
  ) throws -> LayoutEstimate {
    if let refusal = costs.refusal(of: layout, run, devices: devices) {
      throw PlannerError.invalid(field: "layout \(layout)", problem: "\(refusal)")
    }
    return try costs.estimate(run, layout)
  }

  private func answer(
    _ estimates: [LayoutEstimate], _ refused: [LayoutSearch.Refused], _ run: TrainingRun, _ costs: ParallelCostModel,
    examined: Int
  ) throws {
    if output.json {
      let json: JSON = [
        "model": .string(run.shape.name), "cluster": .string(costs.cluster.name), "devices": .integer(devices),
        "batch": .integer(batch), "examined": .integer(examined),
        "layouts": .array(estimates.map { Self.json($0, run) }),
        "refused": .array(
          refused.map { ["layout": .string("\($0.layout)"), "reason": .string("\($0.refusal)")] }),
      ]
      return Output.answer(json.line)
    }
    guard !estimates.isEmpty else {
      // Where nothing can be, the reasons are the answer.
      let reasons = refused.isEmpty ? try LayoutSearch(run, devices: devices, costs).refused : refused
      return Output.answer("no layout fits\n" + Self.text(reasons))
    }
    let rows = estimates.map { estimate -> [String] in
      func part(_ seconds: Double) -> String { Human.fixed(100 * seconds / estimate.seconds, 1) }
      return [
        "\(estimate.layout)", Human.fixed(estimate.seconds, 3), Human.fixed(estimate.modelTeraflops(run), 1),
        Human.fixed(estimate.bytes / 1e9, 1), part(estimate.bubble), part(estimate.tensorTransfers),
        part(estimate.boundaryTransfers), part(estimate.dataTransfers),
      ]
    }
    let heads = ["layout", "s/step", "Tflop/s", "GB", "bubble %", "sums %", "sends %", "copies %"]
    Output.answer(
      "\(run.shape.name) on \(devices) × \(costs.cluster.device.name), \(examined) layouts\n"
        + Human.table([heads] + rows, numeric: [1, 2, 3, 4, 5, 6, 7])
        + (refused.isEmpty ? "" : "\n\nno layout of\n" + Self.text(refused)))
  }

  private static func text(_ refused: [LayoutSearch.Refused]) -> String {
    Human.table(
      refused.map { row in
        ["t=\(row.layout.tensor)", "p=\(row.layout.pipeline)", "d=\(row.layout.data)", "\(row.refusal)"]
      })
  }

  private static func json(_ estimate: LayoutEstimate, _ run: TrainingRun) -> JSON {
    let layout = estimate.layout
    return [
      "tensor": .integer(layout.tensor), "pipeline": .integer(layout.pipeline), "data": .integer(layout.data),
      "microbatch": .integer(layout.microbatch), "chunks": .integer(layout.chunks),
      "schedule": .string(layout.schedule.rawValue), "recomputation": .string(layout.recomputation.rawValue),
      "zero": .integer(layout.sharding.rawValue), "sharesNorms": .bool(layout.sharesNorms),
      "microbatches": .integer(estimate.microbatches), "seconds": .rounded(estimate.seconds),
      "teraflops": .rounded(estimate.modelTeraflops(run)), "hardwareTeraflops": .rounded(estimate.teraflops(run)),
      "bytes": .rounded(estimate.bytes), "stateBytes": .rounded(estimate.stateBytes),
      "activationBytes": .rounded(estimate.activationBytes), "bubbleFraction": .rounded(estimate.bubbleFraction),
      "computeSeconds": .rounded(estimate.compute), "bubbleSeconds": .rounded(estimate.bubble),
      "tensorSeconds": .rounded(estimate.tensorTransfers), "boundarySeconds": .rounded(estimate.boundaryTransfers),
      "dataSeconds": .rounded(estimate.dataTransfers), "optimizerSeconds": .rounded(estimate.optimizer),
    ]
  }
}
