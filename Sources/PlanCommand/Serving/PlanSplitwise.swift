import ArgumentParser
import Console
import Formats
import Planner
import Profiling

extension SplitwiseDesign: ExpressibleByArgument {}
extension SplitwiseProfile.Model: ExpressibleByArgument {}
extension SplitwiseProvisioning.Goal: ExpressibleByArgument {}
extension ServingLoad.AzureTrace: ExpressibleByArgument {}

/// Clusters of machines for prompts and machines for tokens.
package struct PlanSplitwise: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "splitwise",
    abstract: "Machines for prompts and machines for tokens (Splitwise, 2023): a cluster, or the least that will do.",
    discussion: """
      Iterations take the published times of DGX-A100 and DGX-H100 machines. With --prompts the cluster of --design is \
      simulated; without, the one with the least --objective that keeps the paper's nine promises at --rate is sought, of \
      the --design named or of all.
      """)

  @Option(help: "The design: \(SplitwiseDesign.allCases.map(\.rawValue).joined(separator: ", ")).")
  package var design: SplitwiseDesign?

  @Option(help: "Machines for prompts; of a baseline all machines.")
  package var prompts: Int?

  @Option(help: "Machines for tokens.")
  package var tokens = 0

  @Option(help: "The measured model: \(SplitwiseProfile.Model.allCases.map(\.rawValue).joined(separator: ", ")).")
  package var model = SplitwiseProfile.Model.bloom176B

  @Option(help: "Sizes of requests: coding or conversation.")
  package var sizes = ServingLoad.AzureTrace.conversation

  @Option(help: ArgumentHelp("Requests a second.", valueName: "rate"))
  package var rate = 70.0

  @Option(help: ArgumentHelp("Seconds of arrivals.", valueName: "seconds"))
  package var seconds = 120.0

  @Option(help: "What is to be least: cost, power or machines.")
  package var objective = SplitwiseProvisioning.Goal.cost

  @Option(help: "The most machines of a kind that are tried.")
  package var most = 40

  @Option(help: "The seed of the requests.")
  package var seed: UInt64 = 0

  @Option(help: "Simulations at once; the answer does not depend on it.")
  package var threads = KernelThreads.all

  @Option(help: ArgumentHelp("Write 100,000 iterations as a trace for Chrome or Perfetto.", valueName: "path"))
  package var trace: String?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    if let prompts {
      try simulate(try SplitwiseCluster(design ?? .hh, prompts: prompts, tokens: tokens, model: model))
    } else {
      try provision()
    }
  }

  private func simulate(_ cluster: SplitwiseCluster) throws {
    var simulation = try cluster.simulation()
    if trace != nil { simulation.mostSpans = 100_000 }
    let load = try ServingLoad.azure(sizes, rate: rate, seconds: seconds)
    let report = try simulation.run(load.requests(seed: seed), seed: seed)
    if let trace { try writeFileAtomically(trace, Array((report.trace.line + "\n").utf8)) }
    let promise = SplitwiseObjective(report, model: model)
    if output.json {
      Output.answer(
        JSON.object(
          Self.members(cluster) + [
            JSON.Member("promiseKept", .bool(promise.isMet)),
            JSON.Member(
              "promise",
              .array(
                promise.items.map { item in
                  [
                    "name": .string(item.name), "percentile": .rounded(item.percent), "limit": .rounded(item.limit),
                    "slowdown": .rounded(item.slowdown),
                  ]
                })),
          ] + report.members
        ).line)
      return
    }
    let rows = promise.items.map {
      [
        $0.name, "p\(Human.fixed($0.percent, 0))", Human.fixed($0.slowdown, 2), Human.fixed($0.limit, 2),
        $0.isMet ? "" : "missed",
      ]
    }
    Output.answer(
      """
      \(Self.text(cluster))

      \(report.text)

      slower than alone on a DGX-A100
      \(Human.table([["", "", "times", "at most", ""]] + rows, numeric: [2, 3]))
      """)
  }

  private func provision() throws {
    let search = try SplitwiseProvisioning(sizes, model: model, seconds: seconds, seeds: [seed], threads: threads)
    let progress = ProgressBar("plan")
    defer { progress.finish() }
    var rows: [(design: SplitwiseDesign, cluster: SplitwiseCluster?)] = []
    for design in design.map({ [$0] }) ?? SplitwiseDesign.allCases {
      progress.show("sizing \(design.rawValue)")
      rows.append((design, try search.least(design, rate: rate, goal: objective, most: most)))
    }
    progress.finish()
    if output.json {
      Output.answer(
        JSON.object([
          JSON.Member("objective", .string(objective.rawValue)), JSON.Member("rate", .rounded(rate)),
          JSON.Member(
            "designs",
            .array(
              rows.map { row in
                .object(
                  row.cluster.map { Self.members($0) } ?? [
                    JSON.Member("design", .string(row.design.rawValue)), JSON.Member("prompts", .null),
                  ])
              })),
        ]).line)
      return
    }
    let cells = rows.map { row -> [String] in
      guard let cluster = row.cluster else { return [row.design.rawValue, "–", "–", "–", "–"] }
      return [
        row.design.rawValue, "\(cluster.prompts)", "\(cluster.tokens)", Human.fixed(cluster.price, 0),
        Human.fixed(cluster.power / 1e3, 1),
      ]
    }
    Output.answer(
      "least \(objective.rawValue) at \(Human.fixed(rate, 1)) requests/s, \(sizes.rawValue), \(model.rawValue)\n"
        + Human.table([["design", "prompts", "tokens", "$/h", "kW"]] + cells, numeric: [1, 2, 3, 4]))
  }

  private static func members(_ cluster: SplitwiseCluster) -> [JSON.Member] {
    [
      JSON.Member("design", .string(cluster.design.rawValue)), JSON.Member("prompts", .integer(cluster.prompts)),
      JSON.Member("tokens", .integer(cluster.tokens)), JSON.Member("dollarsPerHour", .rounded(cluster.price)),
      JSON.Member("watts", .rounded(cluster.power)),
    ]
  }

  private static func text(_ cluster: SplitwiseCluster) -> String {
    let machines = cluster.design.isSplit ? "\(cluster.prompts) + \(cluster.tokens)" : "\(cluster.prompts)"
    return "\(cluster.model.rawValue) on \(machines) machines, \(cluster.design.rawValue), "
      + "$\(Human.fixed(cluster.price, 0))/h, \(Human.fixed(cluster.power / 1e3, 1)) kW of devices"
  }
}
