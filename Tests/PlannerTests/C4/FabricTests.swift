import NumericTypes
import Planner
import Testing

@Suite("Fabric") struct FabricTests {
  typealias Card = FabricTopology.Card
  typealias Side = FabricTopology.Side

  @Test("Every link has a place of its own, and a failure takes both directions")
  func links() throws {
    let topology = try FabricTopology(
      nodes: 5, cards: 3, nodesPerGroup: 2, spines: 4, portBandwidth: 3, uplinkBandwidth: 7)
    #expect(topology.groups == 3 && topology.leaves == 6 && topology.linkCount == 2 * 30 + 2 * 24)
    for place in 0..<topology.linkCount {
      let link = topology.link(at: place)
      #expect(topology.index(of: link) == place)
      let isPort =
        switch link {
        case .portUp, .portDown: true
        case .leafUp, .leafDown: false
        }
      #expect(topology.capacities[place] == (isPort ? 3 : 7))
    }
    var catalogue = try PathCatalogue(topology)
    #expect(try catalogue.fail(.spine(2)).count == 12)
    #expect(try catalogue.fail(.uplink(leaf: 1, spine: 2)).isEmpty)
    #expect(try catalogue.fail(.leaf(1)).count == 2 * 3 + 2 * 6)
    #expect(try catalogue.fail(.port(Card(node: 4, index: 2), .left)).count == 2)
  }

  @Test("The catalogue holds every source port, spine and destination port that is whole, and its links lead there")
  func catalogue() throws {
    let topology = try FabricTopology()
    var catalogue = try PathCatalogue(topology)
    let (source, destination, near) = (Card(node: 0, index: 1), Card(node: 9, index: 3), Card(node: 1, index: 0))
    let paths = try catalogue.paths(from: source, to: destination)
    #expect(paths.count == 2 * 8 * 2 && Set(paths).count == paths.count)
    for path in paths {
      let (first, last) = (path.source.rawValue, 8 + path.destination.rawValue)
      let spine = try #require(path.spine)
      #expect(
        path.links.map { topology.link(at: $0) } == [
          .portUp(source, path.source), .leafUp(leaf: first, spine: spine), .leafDown(leaf: last, spine: spine),
          .portDown(destination, path.destination),
        ])
    }
    // Under one leaf no spine is needed; from side to side it is.
    let short = try catalogue.paths(from: source, to: near)
    #expect(short.count { $0.spine == nil } == 2 && short.count == 2 + 2 * 8)
    try catalogue.fail(.spine(3))
    try catalogue.fail(.port(source, .left))
    let rest = try catalogue.paths(from: source, to: destination)
    #expect(rest.count == 7 * 2 && rest.allSatisfy { $0.source == .right && $0.spine != 3 })
  }

  @Test("Max-min rates equal linear programs' on 200 fabrics, and no link carries more than it can")
  func maxMin() throws {
    let golden = try FabricGolden.read()
    #expect(golden.rates.count == 200)
    var shared = 0
    for fabric in golden.rates {
      let topology = try FabricTopology(
        nodes: fabric.nodes, cards: fabric.cards, nodesPerGroup: fabric.nodesPerGroup, spines: fabric.spines,
        portBandwidth: fabric.port, uplinkBandwidth: fabric.uplink)
      let catalogue = try PathCatalogue(topology)
      let paths = try fabric.flows.map { flow -> [Int] in
        let found = try catalogue.paths(
          from: Card(node: flow[0], index: flow[1]), to: Card(node: flow[4], index: flow[5]))
        let path = found.first {
          $0.source.rawValue == flow[2] && $0.spine ?? -1 == flow[3] && $0.destination.rawValue == flow[6]
        }
        return try #require(path).links
      }
      let rates = try MaxMinRates.rates(paths: paths, capacities: topology.capacities)
      for (rate, other) in zip(rates, fabric.rates) { #expect(abs(rate - other) <= 1e-6 * other) }
      var sums = [Double](repeating: 0, count: topology.linkCount)
      for (path, rate) in zip(paths, rates) { for link in path { sums[link] += rate } }
      #expect(zip(sums, topology.capacities).allSatisfy { $0 <= $1 * (1 + 1e-12) })
      if Set(fabric.rates).count > 1 { shared += 1 }
    }
    #expect(shared > 100, "flows must meet for this to say anything")
    #expect(try MaxMinRates.rates(paths: [[]], capacities: []) == [.infinity])
    #expect(throws: PlannerError.self) { try MaxMinRates.rates(paths: [[1]], capacities: [1]) }
    #expect(throws: PlannerError.self) { try MaxMinRates.rates(paths: [[0]], capacities: [-.infinity]) }
  }

  @Test("The bound of loads is the linear program's, and planned flows reach it where all links can be full")
  func bounds() throws {
    let golden = try FabricGolden.read()
    #expect(golden.loads.count == 18)
    for load in golden.loads {
      let topology = try FabricTopology(
        nodes: load.nodes, cards: load.cards, nodesPerGroup: load.nodesPerGroup, spines: load.spines,
        portBandwidth: load.port, uplinkBandwidth: load.uplink)
      let catalogue = try PathCatalogue(topology, failures: load.failed.map { .spine($0) })
      let jobs = load.jobs.enumerated().map { FabricJob("\($0)", nodes: $1, operations: 1) }
      let plan = try FabricPlan(jobs, over: catalogue, routing: .c4p, queuePairs: 2)
      #expect(plan.bound <= load.load * (1 + 1e-9) && plan.bound >= load.load * (1 - 1e-9), "\(load)")
      let most = try #require(plan.utilisation.max())
      #expect(most >= plan.bound * (1 - 1e-9))
      if load.failed.isEmpty, load.uplink == load.port { #expect(most <= plan.bound * (1 + 1e-9), "\(load.jobs)") }
    }
  }

  /// Two jobs of two nodes that share one spine's links: node n's card has one port's rate on either side.
  private func shared(_ bytes: Int, start: Double = 0, spines: Int = 1) throws -> (FabricTopology, [FabricJob]) {
    let topology = try FabricTopology(
      nodes: 4, cards: 1, nodesPerGroup: 2, spines: spines, portBandwidth: 10, uplinkBandwidth: 10)
    return (
      topology,
      [
        FabricJob("a", nodes: [0, 2], ranksPerNode: 1, bytes: 1000, operations: 1),
        FabricJob("b", nodes: [1, 3], ranksPerNode: 1, bytes: bytes, operations: 1, start: start),
      ]
    )
  }

  @Test("Jobs that meet share, from when the later begins")
  func sharing() throws {
    // Two ranks send 2·(n − 1)/n = 1 times the buffer, half of it on either side.
    let (topology, jobs) = try shared(4000)
    let catalogue = try PathCatalogue(topology)
    let together = try FabricSimulation(jobs, over: catalogue, routing: .c4p, queuePairs: 2).run()
    #expect(abs(together.jobs[0].seconds - 500 / 5) < 1e-6 && abs(together.jobs[1].seconds - 2000 / 5) < 1e-6)
    #expect(together.peaks.max() == 1 && together.plan.isOptimal)
    // The second begins when the first has 500 − 10·20 left.
    let late = try shared(4000, start: 20).1
    let later = try FabricSimulation(late, over: catalogue, routing: .c4p, queuePairs: 2).run()
    #expect(abs(later.jobs[0].finish - (20 + 300 / 5)) < 1e-6)
    #expect(abs(later.jobs[0].bandwidth - 1000 / 80) < 1e-6)
  }

  @Test("A spine that fails moves its flows at once")
  func failure() throws {
    let (topology, jobs) = try shared(1000, spines: 2)
    let catalogue = try PathCatalogue(topology)
    let whole = try FabricSimulation(jobs, over: catalogue, routing: .c4p, queuePairs: 2).run()
    #expect(whole.jobs.allSatisfy { abs($0.seconds - 500 / 10) < 1e-6 } && whole.moved == 0)
    let report = try FabricSimulation(
      jobs, over: catalogue, routing: .c4p, queuePairs: 2, failures: [(seconds: 30, failure: .spine(1))]
    ).run()
    #expect(report.jobs.allSatisfy { abs($0.seconds - (30 + 200 / 5)) < 1e-6 } && report.moved == 4)
    let gone = topology.index(of: .leafUp(leaf: 0, spine: 1))
    #expect(abs(report.bytes[gone] - 300) < 1e-6 && report.plan.utilisation[gone] == 0)
  }

  @Test("What goes over links is what flows send, and a run repeats itself")
  func conservation() throws {
    let topology = try FabricTopology()
    let jobs = try FabricJob.pairs(topology, bytes: 1 << 26, compute: 0.001, operations: 3)
    for routing in [FabricRouting.c4p, .ecmp(seed: 5)] {
      let simulation = try FabricSimulation(
        jobs, over: PathCatalogue(topology), routing: routing, shiftsBytes: true,
        failures: [(seconds: 0.002, failure: .spine(1)), (seconds: 0.003, failure: .uplink(leaf: 3, spine: 2))])
      let report = try simulation.run()
      var (up, down, ports) = (0.0, 0.0, [0.0, 0.0])
      for (place, bytes) in report.bytes.enumerated() {
        switch topology.link(at: place) {
        case .portUp: ports[0] += bytes
        case .portDown: ports[1] += bytes
        case .leafUp: up += bytes
        case .leafDown: down += bytes
        }
      }
      // All jobs are of two groups: everything crosses the spines.
      for sum in [up, down, ports[1]] { #expect(abs(sum / ports[0] - 1) < 1e-9) }
      let least = report.jobs.reduce(0) { $0 + $1.nodeBytes * 2 * Double($1.operations.count) }
      #expect(ports[0] >= least * (1 - 1e-6))
      #expect(report.peaks.allSatisfy { $0 <= 1 + 1e-9 } && report.plan.catalogue.isFailed.contains(true))
      let again = try simulation.run()
      #expect(again.jobs == report.jobs && again.bytes == report.bytes && again.plan.paths == report.plan.paths)
    }
  }

  @Test("Hashes depend on the seed alone, keep healthy flows where they are, and use all ways alike")
  func hashing() throws {
    let topology = try FabricTopology()
    let jobs = try FabricJob.pairs(topology)
    func plan(_ seed: UInt64) throws -> FabricPlan {
      try FabricPlan(jobs, over: PathCatalogue(topology), routing: .ecmp(seed: seed), queuePairs: 16)
    }
    var first = try plan(1)
    #expect(try plan(1).paths == first.paths && plan(2).paths != first.paths)
    var spines = [Int](repeating: 0, count: 8)
    var sides = 0
    for path in first.paths {
      spines[path.spine ?? 0] += 1
      sides += path.source.rawValue + path.destination.rawValue
    }
    // 1024 flows: five standard deviations.
    #expect(spines.allSatisfy { abs($0 - 128) < 54 } && abs(sides - 1024) < 114)
    let before = first.paths
    let moved = try first.fail(.spine(4))
    #expect(moved == before.indices.filter { before[$0].spine == 4 })
    for flow in before.indices where before[flow].spine != 4 { #expect(first.paths[flow] == before[flow]) }
    #expect(first.paths.allSatisfy { $0.spine != 4 })
  }

  @Test("Planned flows arrive on their side, alike on both ports, and no job is slower than the line")
  func planning() throws {
    let topology = try FabricTopology()
    var random = Random(seed: 7)
    for _ in 0..<30 {
      let nodes = Array(0..<16).shuffled(using: &random)
      let cut = 2 + Int(random.uniform() * 13)
      let jobs = [nodes[..<cut], nodes[cut...]].filter { $0.count > 1 }.map { FabricJob("\($0)", nodes: Array($0)) }
      let plan = try FabricPlan(jobs, over: PathCatalogue(topology), routing: .c4p, queuePairs: 2)
      #expect(try abs(#require(plan.utilisation.max()) - 1) < 1e-9 && plan.isOptimal)
      #expect(plan.paths.allSatisfy { $0.source == $0.destination })
      for connection in Dictionary(grouping: plan.flows.indices, by: { plan.flows[$0].connection }).values {
        #expect(Set(connection.map { plan.paths[$0].source }).count == 2)
      }
    }
  }

  @Test("Bytes shifted by measured rates make no job slower and some faster")
  func shifting() throws {
    let topology = try FabricTopology()
    let jobs = try FabricJob.pairs(topology, operations: 30)
    func run(_ shifts: Bool) throws -> FabricReport {
      try FabricSimulation(
        jobs, over: PathCatalogue(topology), routing: .c4p, queuePairs: 4, shiftsBytes: shifts,
        failures: [(seconds: 0, failure: .spine(0))]
      ).run()
    }
    let (alike, shifted) = (try run(false), try run(true))
    #expect(zip(shifted.jobs, alike.jobs).allSatisfy { $0.lastBandwidth >= $1.lastBandwidth * (1 - 1e-6) })
    #expect(shifted.meanLastBandwidth > alike.meanLastBandwidth)
    #expect(shifted.meanLastBandwidth <= topology.nodeBandwidth)
  }

  @Test("What cannot be is refused by name")
  func refusals() throws {
    func names(_ word: String, _ body: () throws -> Void) {
      let error = #expect(throws: PlannerError.self) { try body() }
      #expect(error.map { "\($0)".contains(word) } == true, "\(String(describing: error)) does not say \(word)")
    }
    names("nodes") { _ = try FabricTopology(nodes: 0) }
    names("spines") { _ = try FabricTopology(spines: 1 << 40) }
    names("portBandwidth") { _ = try FabricTopology(portBandwidth: .nan) }
    names("links") { _ = try FabricTopology(nodes: 4096, cards: 64, spines: 1024) }
    let topology = try FabricTopology()
    let catalogue = try PathCatalogue(topology)
    names("spine") { _ = try PathCatalogue(topology, failures: [.spine(8)]) }
    names("leaf") { _ = try PathCatalogue(topology, failures: [.uplink(leaf: -1, spine: 0)]) }
    names("card") { _ = try PathCatalogue(topology, failures: [.port(Card(node: 0, index: 4), .left)]) }
    names("source") { _ = try catalogue.paths(from: Card(node: 16, index: 0), to: Card(node: 0, index: 0)) }
    names("itself") { _ = try catalogue.paths(from: Card(node: 1, index: 0), to: Card(node: 1, index: 1)) }
    // Two nodes under leaves of their own and no spine: nothing is left.
    let small = try FabricTopology(nodes: 2, cards: 1, nodesPerGroup: 1, spines: 2)
    names("empty") { _ = try PathCatalogue(small, failures: [.spine(0), .spine(1)]) }
    let parted = try PathCatalogue(topology, failures: [.leaf(0), .leaf(1)])
    let jobs = try FabricJob.pairs(topology)
    for routing in [FabricRouting.c4p, .ecmp(seed: 0)] {
      names("parted") { _ = try FabricPlan(jobs, over: parted, routing: routing) }
    }
    let simulation = try FabricSimulation(
      jobs, over: catalogue, routing: .c4p,
      failures: [(seconds: 0, failure: .leaf(0)), (seconds: 0.001, failure: .leaf(1))])
    names("parted") { _ = try simulation.run() }
    names("seconds") {
      _ = try FabricSimulation(jobs, over: catalogue, routing: .c4p, failures: [(seconds: .nan, failure: .spine(0))])
    }
    names("jobs") { _ = try FabricPlan([], over: catalogue, routing: .c4p) }
    names("queuePairs") { _ = try FabricPlan(jobs, over: catalogue, routing: .c4p, queuePairs: 0) }
    names("nodes") { _ = try FabricJob.pairs(FabricTopology(nodes: 3)) }
    for (word, job) in [
      ("nodes", FabricJob("x", nodes: [0])), ("nodes", FabricJob("x", nodes: [0, 0])),
      ("nodes", FabricJob("x", nodes: [0, 16])), ("ranksPerNode", FabricJob("x", nodes: [0, 1], ranksPerNode: 0)),
      ("bytes", FabricJob("x", nodes: [0, 1], bytes: .max)), ("compute", FabricJob("x", nodes: [0, 1], compute: .nan)),
      ("collective", FabricJob("x", nodes: [0, 1], collective: .allToAll)),
      ("operations", FabricJob("x", nodes: [0, 1], operations: 0)),
      ("start", FabricJob("x", nodes: [0, 1], start: -1)),
    ] {
      names("x." + word) { _ = try FabricPlan([job], over: catalogue, routing: .c4p) }
    }
  }
}
