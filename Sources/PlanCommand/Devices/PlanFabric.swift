import ArgumentParser
import Console
import Formats
import Planner
import Profiling

/// What jobs get of a fabric, hashed or planned.
package struct PlanFabric: ParsableCommand {
  /// Who decides which way a flow takes.
  package enum Policy: String, ExpressibleByArgument, CaseIterable {
    case ecmp, c4p
  }

  package static let configuration = CommandConfiguration(
    commandName: "fabric",
    abstract: "Loads of a fabric's links and times of jobs' collectives, with flows hashed on paths or planned.",
    discussion: """
      Nodes have cards with two ports, groups of nodes a left and a right leaf, and every leaf an uplink to each spine. \
      Jobs reduce on one ring a card, whose flows share links max-min fairly. ecmp hashes every flow on ports and \
      uplinks; c4p chooses the paths so that the fullest link is as empty as can be (Dong et al.: C4, 2024). Without \
      files: 16 nodes of 8 ports at 200 Gbit/s, 8 uplinks a leaf, and eight jobs of two nodes. A topology has nodes, \
      cards, nodes_per_group, uplinks, port_gbits and uplink_gbits; jobs are a list with name, nodes, ranks_per_node, \
      collective, megabytes, compute_seconds, operations, start_seconds and ranks. Loads are what the flows of a link \
      would send over what it carries.
      """)

  @Option(help: ArgumentHelp("The fabric, in JSON or YAML.", valueName: "path")) package var topology: String?
  @Option(help: ArgumentHelp("The jobs, in JSON or YAML.", valueName: "path")) package var jobs: String?
  @Option(help: "Who chooses paths: ecmp or c4p.") package var policy = Policy.c4p
  @Option(help: ArgumentHelp("The first seed of hashes.", valueName: "number")) package var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Seeds of hashes that are tried; loads are those of the first.", valueName: "count"))
  package var seeds = 1
  @Option(help: ArgumentHelp("Queue pairs of a connection, each a flow.", valueName: "count")) package var queuePairs =
    4
  @Option(help: ArgumentHelp("A spine that fails; repeatable.", valueName: "spine")) package var failSpine: [Int] = []
  @Option(help: ArgumentHelp("When it does; the jobs begin at 0.", valueName: "seconds")) package var failAt = 0.0
  @Flag(help: "Divide the bytes of a connection by the rates that its queue pairs had in the operation before.")
  package var shift = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    guard (1...10_000).contains(seeds) else {
      throw PlannerError.invalid(field: "seeds", problem: "\(seeds) lies outside 1…10000")
    }
    guard seeds == 1 || policy == .ecmp else {
      throw PlannerError.invalid(field: "seeds", problem: "c4p has no seed: it plans in one way")
    }
    let fabric = try topology.map { try FabricFile.topology($0) } ?? FabricTopology()
    let listed = try jobs.map { try FabricFile.jobs($0) } ?? FabricJob.pairs(fabric)
    let catalogue = try PathCatalogue(fabric)
    let reports = try (0..<seeds).map { place in
      try FabricSimulation(
        listed, over: catalogue, routing: policy == .c4p ? .c4p : .ecmp(seed: seed &+ UInt64(place)),
        queuePairs: queuePairs, shiftsBytes: shift,
        failures: failSpine.map { (seconds: failAt, failure: .spine($0)) }
      ).run()
    }
    Output.answer(output.json ? json(fabric, reports).line : text(fabric, reports))
  }

  private func json(_ fabric: FabricTopology, _ reports: [FabricReport]) -> JSON {
    let first = reports[0]
    let capacities = fabric.capacities
    let means = reports.map(\.meanBandwidth)
    return [
      "policy": .string(policy.rawValue), "queuePairs": .integer(queuePairs),
      "nodes": .integer(fabric.nodes), "leaves": .integer(fabric.leaves), "spines": .integer(fabric.spines),
      "lineRate": .rounded(fabric.nodeBandwidth), "seconds": .rounded(first.seconds),
      "maximumLoad": .rounded(first.plan.utilisation.max() ?? 0), "loadBound": .rounded(first.plan.bound),
      "moved": .integer(first.moved),
      "meanBandwidth": .rounded(means.reduce(0, +) / Double(means.count)),
      "seeds": .array(means.map { .rounded($0) }),
      "jobs": .array(
        first.jobs.map { job in
          [
            "name": .string(job.name), "finish": .rounded(job.finish), "bandwidth": .rounded(job.bandwidth),
            "lastBandwidth": .rounded(job.lastBandwidth), "operations": .array(job.operations.map { .rounded($0) }),
          ]
        }),
      "links": .array(
        capacities.indices.map { place in
          [
            "link": .string("\(fabric.link(at: place))"), "capacity": .rounded(capacities[place]),
            "load": .rounded(first.plan.utilisation[place]), "peak": .rounded(first.peaks[place]),
            "bytes": .rounded(first.bytes[place]), "failed": .bool(first.plan.catalogue.isFailed[place]),
          ]
        }),
    ]
  }

  private func text(_ fabric: FabricTopology, _ reports: [FabricReport]) -> String {
    let first = reports[0]
    let plan = first.plan
    func load(_ link: FabricLink) -> String {
      let place = fabric.index(of: link)
      return plan.catalogue.isFailed[place] ? "–" : Human.fixed(plan.utilisation[place], 2)
    }
    // Many spines make no table to read: their fullest links stand for them.
    let shown = fabric.spines <= 16 ? Array(0..<fabric.spines) : []
    var rows = [["leaf"] + shown.map { "spine \($0)" } + ["fullest up", "fullest down", "fullest port"]]
    for leaf in 0..<min(fabric.leaves, 64) {
      var most = [0.0, 0.0, 0.0]
      for spine in 0..<fabric.spines {
        most[0] = max(most[0], plan.utilisation[fabric.index(of: .leafUp(leaf: leaf, spine: spine))])
        most[1] = max(most[1], plan.utilisation[fabric.index(of: .leafDown(leaf: leaf, spine: spine))])
      }
      let side: FabricTopology.Side = leaf.isMultiple(of: 2) ? .left : .right
      let nodes = leaf / 2 * fabric.nodesPerGroup..<min(fabric.nodes, (leaf / 2 + 1) * fabric.nodesPerGroup)
      for node in nodes {
        for index in 0..<fabric.cards {
          let card = FabricTopology.Card(node: node, index: index)
          for link in [FabricLink.portUp(card, side), .portDown(card, side)] {
            most[2] = max(most[2], plan.utilisation[fabric.index(of: link)])
          }
        }
      }
      rows.append(
        ["\(leaf)"]
          + shown.map { "\(load(.leafUp(leaf: leaf, spine: $0))) \(load(.leafDown(leaf: leaf, spine: $0)))" }
          + most.map { Human.fixed($0, 2) })
    }
    let jobs = first.jobs.map { job in
      [
        job.name, Human.fixed(job.finish * 1e3, 2), Human.fixed(job.seconds * 1e3, 3),
        Human.fixed(job.bandwidth * 8e-9, 1), Human.fixed(100 * job.bandwidth / fabric.nodeBandwidth, 1),
        Human.fixed(job.lastBandwidth * 8e-9, 1),
      ]
    }
    var text = "loads up and down, demand over capacity"
    text += fabric.leaves > 64 ? ", the first 64 of \(fabric.leaves) leaves\n" : "\n"
    text += Human.table(rows, numeric: Set(0..<rows[0].count)) + "\n\n"
    text += Human.table(
      [["job", "ends ms", "operation ms", "Gbit/s a node", "% of the line", "last"]] + jobs, numeric: [1, 2, 3, 4, 5])
    text +=
      "\n\nfullest link \(Human.fixed(plan.utilisation.max() ?? 0, 3)), at the least \(Human.fixed(plan.bound, 3)); "
      + "\(Human.fixed(first.meanBandwidth * 8e-9, 1)) Gbit/s a node on average"
    if first.moved > 0 { text += ", \(first.moved) flows moved" }
    if let summary = Summary(reports.map(\.meanBandwidth)), summary.count > 1 {
      text +=
        "\n\(summary.count) seeds: median \(Human.fixed(summary.median * 8e-9, 1)) Gbit/s a node, "
        + "\(Human.fixed(summary.min * 8e-9, 1)) to \(Human.fixed(summary.max * 8e-9, 1))"
    }
    return text
  }
}
