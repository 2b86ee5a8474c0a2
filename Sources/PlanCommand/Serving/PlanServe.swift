import ArgumentParser
import Console
import Costs
import Formats
import Planner
import Profiling

extension ServingPolicy.Order: ExpressibleByArgument {}
extension ServingPolicy.Router: ExpressibleByArgument {}

/// How a model would serve a load.
package struct PlanServe: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Simulates a model on devices that serve a load: latencies, utilisation, machines.",
    discussion: """
      Times are those of the devices' limits, times --compute-share and --memory-share, plus --overhead for every iteration: without \
      them what no engine can beat. ttft is the time to the first token, tbt between two tokens, e2e to the last. \
      With --prompts and --tokens machines for prompts alone hand their state to machines for tokens.
      """)

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model: String

  @Option(help: ArgumentHelp("The device, by name.", valueName: "name"))
  package var device = "H100-SXM"

  @Option(help: "Machines that compute prompts and tokens; by default one, or none where there are others.")
  package var machines: Int?

  @Option(help: "Machines that compute prompts alone.")
  package var prompts = 0

  @Option(help: "Machines that compute tokens alone.")
  package var tokens = 0

  @Option(help: "Devices of a machine, each with its part of every matrix.")
  package var devicesPerMachine = 1

  @OptionGroup(title: "Load") package var load: ServingLoadOptions

  @Option(help: "Who gets a request: \(ServingPolicy.Router.allCases.map(\.rawValue).joined(separator: ", ")).")
  package var router = ServingPolicy.Router.shortestQueue

  @Option(help: "What an iteration takes first: tokens-first (prompts in parts) or prompts-first (whole).")
  package var order = ServingPolicy.Order.tokensFirst

  @Option(help: "The most rows of an iteration.")
  package var batchTokens = 512

  @Option(help: "The most sequences of an iteration.")
  package var batchSequences = 256

  @OptionGroup var reached: ReachedShares

  @Option(help: "Seconds of every iteration beside its operators.")
  package var overhead = 0.0

  @Option(help: ArgumentHelp("Bytes of a weight.", valueName: "bytes"))
  package var weights = 2.0

  @Option(help: ArgumentHelp("Bytes of a number of keys and values.", valueName: "bytes"))
  package var cache = 2.0

  @Option(help: ArgumentHelp("Seconds between two failures of a machine.", valueName: "seconds"))
  package var failures: Double?

  @Option(help: ArgumentHelp("Seconds until a machine that failed is back.", valueName: "seconds"))
  package var repair = 60.0

  @Option(help: "The part of machines that are slow.")
  package var stragglers = 0.0

  @Option(help: "How many times slower they are.")
  package var slowdown = 2.0

  @Option(help: ArgumentHelp("Promised milliseconds to the first token.", valueName: "ms"))
  package var ttft: Double?

  @Option(help: ArgumentHelp("Promised milliseconds between tokens, an answer's mean.", valueName: "ms"))
  package var tbt: Double?

  @Option(help: ArgumentHelp("Promised milliseconds to the last token.", valueName: "ms"))
  package var e2e: Double?

  @Option(help: ArgumentHelp("Write 100,000 iterations as a trace for Chrome or Perfetto.", valueName: "path"))
  package var trace: String?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  private func plan() throws -> ServingPlan {
    var options = ServingPlan.Options()
    options.devicesPerMachine = devicesPerMachine
    options.weightBytes = weights
    options.stateBytes = cache
    options.overhead = overhead
    options.policy.router = router
    options.policy.order = order
    options.policy.batchTokens = batchTokens
    options.policy.batchSequences = batchSequences
    if failures != nil || stragglers > 0 {
      options.faults = try ServingFaults(
        secondsBetweenFailures: failures, repairSeconds: repair, stragglers: stragglers, slowdown: slowdown)
    }
    let device = try DeviceCatalogue.published.device(device)
    // A device without bf16, a T4 for instance, has f16.
    if device.compute[.bf16] == nil { options.precision = .f16 }
    return try ServingPlan(
      model: try ModelArgument.shape(model), on: device, machines: machines ?? (prompts + tokens > 0 ? 0 : 1),
      prompts: prompts, tokens: tokens,
      costs: try RooflineCostModel(fallback: reached.efficiency), options: options)
  }

  package func run() throws {
    let plan = try plan()
    let objective = try ServiceObjective(
      firstToken: ttft.map { $0 / 1e3 }, meanGap: tbt.map { $0 / 1e3 }, lastToken: e2e.map { $0 / 1e3 })
    var simulation = try plan.simulation
    if trace != nil { simulation.mostSpans = 100_000 }
    let report = try simulation.run(try load.all(), seed: load.seed)
    if let trace { try writeFileAtomically(trace, Array((report.trace.line + "\n").utf8)) }
    let attainment = ttft ?? tbt ?? e2e == nil ? nil : report.attainment(objective)
    if output.json {
      Output.answer(
        JSON.object(
          [
            JSON.Member("model", .string(plan.model.name)), JSON.Member("device", .string(plan.device.name)),
            JSON.Member("devices", .integer(plan.devices)), JSON.Member("stateTokens", .integer(plan.stateTokens)),
            JSON.Member("dollarsPerHour", plan.dollarsPerHour.map { .rounded($0) } ?? .null),
            JSON.Member("attainment", attainment.map { .rounded($0) } ?? .null),
          ] + report.members
        ).line)
      return
    }
    let price = plan.dollarsPerHour.map { ", $\(Human.fixed($0, 2))/h" } ?? ""
    let limits = reached.efficiency == Efficiency() && overhead == 0 ? ", at the devices' limits" : ""
    var text = """
      \(plan.model.name) on \(plan.machines.count) × \(plan.options.devicesPerMachine) \(plan.device.name)\(price)\(limits)
      room for \(plan.stateTokens) tokens of state on a machine

      \(report.text)
      """
    if let attainment { text += "\n\(Human.fixed(100 * attainment, 2)) % of answers keep the promise" }
    Output.answer(text)
  }
}
