import NumericTypes

/// Who decides which way a flow takes.
public enum FabricRouting: Sendable, Hashable {
  /// Each hop hashes the flow on its ways: the card on its ports, the leaf on its uplinks, the spine on the other card's ports.
  case ecmp(seed: UInt64)
  /// A planner that knows all flows: a flow arrives on the side that it left by, and the fullest link is as empty as can be.
  case c4p

  /// Its short name.
  public var name: String {
    switch self {
    case .ecmp: "ecmp"
    case .c4p: "c4p"
    }
  }
}

/// The paths of all flows of some jobs.
public struct FabricPlan: Sendable {
  /// The healthy paths that there are.
  public private(set) var catalogue: PathCatalogue
  /// Who decides.
  public let routing: FabricRouting
  /// The flows.
  public let flows: [FabricFlow]
  /// The bytes a second that each flow would send alone: its part of a card's two ports.
  public let demand: Double
  /// Each flow's path, [flows].
  public private(set) var paths: [FabricPath]
  /// Demands over capacities, [links]; for a link that is gone 0.
  public private(set) var utilisation: [Double] = []
  /// What the largest utilisation cannot be below, even if flows could be divided over all paths at will.
  public private(set) var bound = 0.0
  /// Whether no placement of whole flows has a smaller maximum; unknown for hashed flows, and for many flows where the search
  /// ended.
  public private(set) var isOptimal = false

  /// A plan of the jobs' flows.
  ///
  /// - Parameters:
  ///   - jobs: the jobs; their nodes must be the catalogue's.
  ///   - catalogue: the paths.
  ///   - routing: who decides.
  ///   - queuePairs: flows of a connection.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for jobs and counts that cannot be, and where the fabric is parted.
  public init(
    _ jobs: [FabricJob], over catalogue: PathCatalogue, routing: FabricRouting, queuePairs: Int = 4
  ) throws(PlannerError) {
    guard (1...64).contains(queuePairs) else {
      throw .invalid(field: "queuePairs", problem: "\(queuePairs) lies outside 1…64")
    }
    guard !jobs.isEmpty else { throw .invalid(field: "jobs", problem: "there is none") }
    let topology = catalogue.topology
    var count = 0
    for job in jobs {
      _ = try job.linkBytes(on: topology)
      count += job.nodes.count * topology.cards * queuePairs
    }
    guard count <= 1 << 17, count * topology.spines <= 1 << 22 else {
      throw .invalid(
        field: "jobs", problem: "\(count) flows over \(topology.spines) spines are more than are planned")
    }
    self.catalogue = catalogue
    self.routing = routing
    flows = FabricFlow.flows(jobs, on: topology, queuePairs: queuePairs)
    demand = 2 * topology.portBandwidth / Double(queuePairs)
    paths = []
    try route(keeping: [FabricPath?](repeating: nil, count: flows.count))
  }

  /// Takes what broke out of the catalogue and gives the flows that went over it other paths. Hashed flows elsewhere stay;
  /// planned ones may move too.
  ///
  /// - Returns: the places of flows that had to move.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for what is not there, and where the fabric is parted now.
  public mutating func fail(_ failure: FabricFailure) throws(PlannerError) -> [Int] {
    let gone = Set(try catalogue.fail(failure))
    let broken = paths.indices.filter { paths[$0].links.contains(where: gone.contains) }
    var kept = paths.map { Optional($0) }
    for flow in broken { kept[flow] = nil }
    if !gone.isEmpty { try route(keeping: kept) }
    return broken
  }

  private mutating func route(keeping kept: [FabricPath?]) throws(PlannerError) {
    // Queue pairs of one connection, and jobs with the same neighbours, have the same paths.
    var known: [FabricTopology.Card: (to: FabricTopology.Card, paths: [FabricPath])] = [:]
    var choices: [[FabricPath]] = []
    choices.reserveCapacity(flows.count)
    for flow in flows {
      if let found = known[flow.source], found.to == flow.destination {
        choices.append(found.paths)
        continue
      }
      let found = try catalogue.paths(from: flow.source, to: flow.destination)
      known[flow.source] = (flow.destination, found)
      choices.append(found)
    }
    let limit = lowerBound()
    switch routing {
    case .ecmp(let seed):
      paths = flows.indices.map { kept[$0] ?? Self.hashed(choices[$0], flow: $0, seed: seed) }
      measure(limit)
    case .c4p: try place(choices, keeping: kept, limit)
    }
  }

  /// The way that hashes choose: a flow's numbers are those of its place and the seed, whatever is healthy.
  private static func hashed(_ paths: [FabricPath], flow: Int, seed: UInt64) -> FabricPath {
    var random = Random(seed: seed, stream: UInt64(flow))
    func choose<Value: Equatable>(_ values: [Value]) -> Value? {
      var different: [Value] = []
      for value in values where different.last != value { different.append(value) }
      let draw = random.uniform()
      return different.isEmpty ? nil : different[Int(draw * Double(different.count))]
    }
    let source = choose(paths.map(\.source))
    var left = paths.filter { $0.source == source }
    // A leaf that has the other card's port sends there and nowhere else.
    if left.contains(where: { $0.spine == nil }) { left.removeAll { $0.spine != nil } }
    let spine = choose(left.map(\.spine))
    left.removeAll { $0.spine != spine }
    let destination = choose(left.map(\.destination))
    return left.first { $0.destination == destination } ?? paths[0]
  }

  /// Paths that arrive on their own side, the shortest; where a port is gone, all.
  private static func balanced(_ paths: [FabricPath]) -> [FabricPath] {
    let same = paths.filter { $0.source == $0.destination }
    guard Set(same.map(\.source)).count == 2 else { return paths }
    let direct = same.filter { $0.spine == nil }
    return direct.isEmpty ? same : direct
  }

  private mutating func place(
    _ all: [[FabricPath]], keeping kept: [FabricPath?], _ limit: Double
  ) throws(PlannerError) {
    let topology = catalogue.topology
    let choices = all.map { Self.balanced($0) }
    var placement = try PathPlacement(
      capacities: topology.capacities,
      flows: choices.map { paths in
        PathPlacement.Flow(
          demand: demand,
          candidates: paths.map { path in
            let sides = 2 * path.source.rawValue + path.destination.rawValue
            return PathPlacement.Candidate(
              links: path.links, label: 4 * ((path.spine ?? -1) + 1) + sides)
          })
      })
    placement.bound = limit
    let solution = placement.solve(
      keeping: kept.enumerated().map { flow, path in path.flatMap { choices[flow].firstIndex(of: $0) } })
    paths = zip(choices, solution.choices).map { $0[$1] }
    measure(limit)
    isOptimal = solution.isOptimal && choices == all || solution.maximum <= limit * (1 + 1e-9)
  }

  private mutating func measure(_ limit: Double) {
    let topology = catalogue.topology
    var loads = [Double](repeating: 0, count: topology.linkCount)
    for path in paths { for link in path.links { loads[link] += demand } }
    let capacities = topology.capacities
    utilisation = loads.indices.map { loads[$0] / capacities[$0] }
    bound = limit
  }

  /// The largest of what leaves or reaches a card, over its healthy ports, and a group, over its healthy uplinks: a bound of the
  /// linear program in which flows divide over all paths at will.
  private func lowerBound() -> Double {
    let topology = catalogue.topology
    var demands: [[Double]] = .init(repeating: .init(repeating: 0, count: topology.nodes * topology.cards), count: 2)
    var crossing: [[Double]] = .init(repeating: .init(repeating: 0, count: topology.groups), count: 2)
    for flow in flows {
      let groups = [flow.source.node / topology.nodesPerGroup, flow.destination.node / topology.nodesPerGroup]
      for (direction, card) in [flow.source, flow.destination].enumerated() {
        demands[direction][card.node * topology.cards + card.index] += demand
        if groups[0] != groups[1] { crossing[direction][groups[direction]] += demand }
      }
    }
    let failed = catalogue.isFailed
    func healthy(_ links: [FabricLink]) -> Double { Double(links.count { !failed[topology.index(of: $0)] }) }
    var least = 0.0
    for direction in 0..<2 {
      for (place, wanted) in demands[direction].enumerated() where wanted > 0 {
        let card = FabricTopology.Card(node: place / topology.cards, index: place % topology.cards)
        let ports = FabricTopology.Side.allCases.map {
          direction == 0 ? FabricLink.portUp(card, $0) : .portDown(card, $0)
        }
        least = max(least, wanted / (healthy(ports) * topology.portBandwidth))
      }
      for (group, wanted) in crossing[direction].enumerated() where wanted > 0 {
        let links = [2 * group, 2 * group + 1].flatMap { leaf in
          (0..<topology.spines).map {
            direction == 0 ? FabricLink.leafUp(leaf: leaf, spine: $0) : .leafDown(leaf: leaf, spine: $0)
          }
        }
        least = max(least, wanted / (healthy(links) * topology.uplinkBandwidth))
      }
    }
    return least
  }
}
