import ArgumentParser
import Console
import Costs
import Formats
import Planner

extension NexusWorkload: ExpressibleByArgument {}

/// Prompts and tokens side by side on one device.
package struct PlanNexus: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "nexus",
    abstract: "Prompts and tokens side by side on one device, beside a scheduler that mixes them.",
    discussion: """
      Simulates both iteration by iteration with the same requests (Shi et al.: Nexus, 2025). The device is divided anew as what \
      runs changes, or with --static as said. --sustained also seeks the highest rates that keep the limits of --tbt and --ttft. \
      ttft is the time to the first token, tbt between two.
      """)

  @Option(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model = "qwen2.5-3b"

  @Option(help: "A device by name.")
  package var device = "l20"

  @Option(help: "The requests: \(NexusWorkload.allCases.map(\.rawValue).joined(separator: ", ")).")
  package var workload = NexusWorkload.longData

  @Option(help: ArgumentHelp("Requests a second.", valueName: "rate"))
  package var rate = 1.0

  @Option(help: ArgumentHelp("Seconds of arrivals.", valueName: "seconds"))
  package var seconds = 300.0

  @Option(help: "The seed of everything that is drawn.")
  package var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp("Rows of an iteration that mixes, and of prompts in one that does not.", valueName: "rows"))
  package var chunk = 2048

  @Option(help: "How many times as long prompts may take where tokens come first.")
  package var alpha = 1.3

  @Option(help: "How many times as long tokens may take where prompts come first.")
  package var beta = 1.1

  @Option(help: ArgumentHelp("Percent by which a new division must differ.", valueName: "percent"))
  package var delta = 5

  @Option(help: ArgumentHelp("Tokens for which a second of waiting counts.", valueName: "tokens/s"))
  package var gamma = 15.0

  @Option(help: ArgumentHelp("The part of all state above which tokens come first.", valueName: "part"))
  package var decodeFirst = 0.7

  @Option(name: .customLong("static"), help: ArgumentHelp("Percent for prompts, all the time.", valueName: "percent"))
  package var fixed: Int?

  @Flag(help: "Divide as if prompts took no bandwidth from tokens; they do.")
  package var noContention = false

  @Flag(help: "Prompts in the order in which they came.")
  package var fcfs = false

  @Option(help: "The part of the device's rate that products reach.")
  package var computeShare = NexusCosts.Constants().compute

  @Option(help: "The part of the memory's rate that is reached.")
  package var memoryShare = NexusCosts.Constants().memory

  @Flag(help: "Seek the highest rates that keep the limits.")
  package var sustained = false

  @Option(help: ArgumentHelp("The most milliseconds between two tokens, of 95 % of them.", valueName: "ms"))
  package var tbt = NexusLimit.usual.gap * 1e3

  @Option(help: ArgumentHelp("The most milliseconds to the first token, on average.", valueName: "ms"))
  package var ttft = NexusLimit.usual.firstToken * 1e3

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  /// What the options say of sharing.
  private var policy: NexusPolicy {
    var policy = NexusPolicy()
    policy.sharing = fixed.map { .fixed($0) } ?? .searched
    policy.promptSlack = alpha
    policy.tokenSlack = beta
    policy.hysteresis = delta
    policy.decodeFirstAbove = decodeFirst
    policy.knowsContention = !noContention
    policy.prompts = fcfs ? .arrival : .shortest(ageing: gamma)
    policy.promptTokens = chunk
    return policy
  }

  package func run() throws {
    var constants = NexusCosts.Constants()
    constants.compute = computeShare
    constants.memory = memoryShare
    let plan = try NexusPlan(
      model: try ModelArgument.shape(model), on: try DeviceCatalogue.published.device(device), constants: constants)
    for (field, limit) in [("tbt", tbt), ("ttft", ttft)] where !(limit > 0 && limit <= 1e9) {
      throw PlannerError.invalid(field: field, problem: "\(limit) lies outside 0…10⁹ ms")
    }
    let requests = try workload.requests(rate: rate, seconds: seconds, seed: seed)
    let limit = NexusLimit(gap: tbt / 1e3, firstToken: ttft / 1e3)
    let schedulers = [("nexus", NexusScheduler.shared(policy)), ("chunked", .chunked(rows: chunk))]
    let rows = try schedulers.map { name, scheduler in
      (
        name: name, report: try plan.serve(requests, scheduler),
        sustained: sustained
          ? try plan.sustainedRate(workload, scheduler, limit: limit, seconds: seconds, seed: seed) : nil
      )
    }
    Output.answer(output.json ? json(plan, rows).line : text(plan, rows))
  }

  private typealias Row = (name: String, report: NexusReport, sustained: Double?)

  /// Means and P95 of a report's times, in seconds.
  private func times(_ report: NexusReport) -> [(name: String, seconds: Double)] {
    let serving = report.serving
    return [
      ("ttftMean", serving.mean(\.firstToken)), ("ttftP95", serving.percentile(95) { $0.firstToken }),
      ("tbtMean", serving.gaps.mean), ("tbtP95", serving.gaps.percentile(95)),
    ]
  }

  private func json(_ plan: NexusPlan, _ rows: [Row]) -> JSON {
    let list = rows.map { name, report, sustained -> JSON in
      let serving = report.serving
      var members = [
        JSON.Member("name", .string(name)), JSON.Member("answered", .integer(serving.answers.count)),
        JSON.Member("rejected", .integer(serving.rejected)),
        JSON.Member("requestsPerSecond", .rounded(serving.throughput)),
      ]
      for (figure, seconds) in times(report) { members.append(JSON.Member(figure + "Seconds", .rounded(seconds))) }
      members += [
        JSON.Member("preemptions", .integer(serving.preemptions)), JSON.Member("mostState", .rounded(report.mostState)),
        JSON.Member("promptPercent", .rounded(report.promptPercent)),
        JSON.Member("switches", .integer(report.switches)),
        JSON.Member("decisions", .integer(report.decisions)), JSON.Member("evaluations", .integer(report.evaluations)),
        JSON.Member("decodeFirstShare", .rounded(report.decodeFirstShare)),
        JSON.Member("sustainedRate", sustained.map { .rounded($0) } ?? .null),
      ]
      return .object(members)
    }
    return [
      "model": .string(plan.costs.shape.name), "device": .string(plan.costs.device.name),
      "workload": .string(workload.rawValue), "stateTokens": .integer(plan.stateTokens), "schedulers": .array(list),
    ]
  }

  private func text(_ plan: NexusPlan, _ rows: [Row]) -> String {
    var table = [["", "requests/s", "ttft ms", "P95", "tbt ms", "P95", "state %"] + (sustained ? ["sustained/s"] : [])]
    for (name, report, sustained) in rows {
      table.append(
        [name, Human.fixed(report.serving.throughput, 2)] + times(report).map { Human.fixed($0.seconds * 1e3, 1) }
          + [Human.fixed(100 * report.mostState, 0)] + (sustained.map { [Human.fixed($0, 3)] } ?? []))
    }
    let shared = rows[0].report
    let evaluations = Double(shared.evaluations) / Double(max(1, shared.decisions))
    return """
      \(plan.costs.shape.name) on \(plan.costs.device.name), \(workload.rawValue), \(Human.fixed(rate, 2)) requests/s for \
      \(Human.fixed(seconds, 0)) s
      room for \(plan.stateTokens) tokens of state

      \(Human.table(table, numeric: Set(1..<table[0].count)))

      prompts had \(Human.fixed(shared.promptPercent, 1)) % of the device while both ran, tokens came first for \
      \(Human.fixed(100 * shared.decodeFirstShare, 1)) % of it
      \(shared.switches) switches in \(shared.decisions) decisions of \(Human.fixed(evaluations, 1)) estimates each
      """
  }
}
