/// A training job as a fabric sees it: nodes in the order of their rings, which compute and then reduce together, again and again.
///
/// Every card carries one ring through all nodes and an equal part of the buffer; inside a node a ring leaves the fabric alone.
public struct FabricJob: Sendable, Hashable {
  /// What it is called.
  public var name: String
  /// The nodes in the order of the rings.
  public var nodes: [Int]
  /// Ranks of each node that a ring goes through.
  public var ranksPerNode: Int
  /// What the ranks do together.
  public var collective: Collective
  /// The buffer's bytes over all cards of a node.
  public var bytes: Int
  /// Seconds that are computed before each operation and hide nothing of it.
  public var compute: Double
  /// How many operations are measured.
  public var operations: Int
  /// When the job begins, in seconds.
  public var start: Double

  /// A job.
  public init(
    _ name: String, nodes: [Int], ranksPerNode: Int = 8, collective: Collective = .allReduce, bytes: Int = 1 << 30,
    compute: Double = 0, operations: Int = 5, start: Double = 0
  ) {
    self.name = name
    self.nodes = nodes
    self.ranksPerNode = ranksPerNode
    self.collective = collective
    self.bytes = bytes
    self.compute = compute
    self.operations = operations
    self.start = start
  }

  /// Jobs of two nodes each, one from either half of the fabric, so that all of their traffic crosses the spines.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for an odd number of nodes.
  public static func pairs(
    _ topology: FabricTopology, bytes: Int = 1 << 30, compute: Double = 0, operations: Int = 5
  ) throws(PlannerError) -> [FabricJob] {
    guard topology.nodes.isMultiple(of: 2) else {
      throw .invalid(field: "nodes", problem: "\(topology.nodes) nodes are no pairs")
    }
    let half = topology.nodes / 2
    return (0..<half).map {
      FabricJob("job \($0)", nodes: [$0, $0 + half], bytes: bytes, compute: compute, operations: operations)
    }
  }

  /// Ranks of a ring.
  public var ranks: Int { nodes.count * ranksPerNode }

  /// The bytes that each card sends to the next node's in an operation.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for what is no job on this fabric.
  func linkBytes(on topology: FabricTopology) throws(PlannerError) -> Double {
    func refuse(_ field: String, _ problem: String) -> PlannerError {
      .invalid(field: "\(name).\(field)", problem: problem)
    }
    guard nodes.count > 1, nodes.count <= topology.nodes, Set(nodes).count == nodes.count else {
      throw refuse("nodes", "\(nodes) must be two or more of \(topology.nodes), each once")
    }
    if let bad = nodes.first(where: { !(0..<topology.nodes).contains($0) }) {
      throw refuse("nodes", "there is no node \(bad), the fabric has 0…\(topology.nodes - 1)")
    }
    guard (1...1024).contains(ranksPerNode) else { throw refuse("ranksPerNode", "\(ranksPerNode) lies outside 1…1024") }
    guard (1...1 << 50).contains(bytes) else { throw refuse("bytes", "\(bytes) lies outside 1…2⁵⁰") }
    guard compute >= 0, compute <= 1e9 else { throw refuse("compute", "\(compute) s lies outside 0…10⁹") }
    guard start >= 0, start <= 1e9 else { throw refuse("start", "\(start) s lies outside 0…10⁹") }
    guard (1...100_000).contains(operations) else { throw refuse("operations", "\(operations) lies outside 1…100,000") }
    guard collective != .allToAll else {
      throw refuse("collective", "an all-to-all sends to more than its ring's neighbours")
    }
    let part = (bytes + topology.cards - 1) / topology.cards
    return Double(try CollectiveCost(collective, .ring, ranks: ranks, bytes: part).serialBytes)
  }
}

/// One queue pair of a connection between neighbours of a ring.
public struct FabricFlow: Sendable, Hashable {
  /// The job's place.
  public var job: Int
  /// The connection's place among all: one for every job, hop and card.
  public var connection: Int
  /// The queue pair's place in its connection.
  public var queuePair: Int
  /// The card that sends.
  public var source: FabricTopology.Card
  /// The card that receives.
  public var destination: FabricTopology.Card

  /// The flows of jobs, in the order of jobs, hops, cards and queue pairs.
  static func flows(_ jobs: [FabricJob], on topology: FabricTopology, queuePairs: Int) -> [FabricFlow] {
    var flows: [FabricFlow] = []
    var connection = 0
    for (place, job) in jobs.enumerated() {
      for hop in job.nodes.indices {
        let next = job.nodes[(hop + 1) % job.nodes.count]
        for card in 0..<topology.cards {
          for pair in 0..<queuePairs {
            flows.append(
              FabricFlow(
                job: place, connection: connection, queuePair: pair,
                source: FabricTopology.Card(node: job.nodes[hop], index: card),
                destination: FabricTopology.Card(node: next, index: card)))
          }
          connection += 1
        }
      }
    }
    return flows
  }
}
