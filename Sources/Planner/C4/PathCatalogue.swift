/// A way through a fabric.
public struct FabricPath: Sendable, Hashable {
  /// The port that it leaves by.
  public var source: FabricTopology.Side
  /// The spine that it goes over; none where both ports are at one leaf.
  public var spine: Int?
  /// The port that it arrives at.
  public var destination: FabricTopology.Side
  /// The places of its links.
  public var links: [Int]
}

/// The healthy ways between cards: every (source port, spine, destination port) that is found whole when probed.
public struct PathCatalogue: Sendable, Hashable {
  /// The fabric.
  public let topology: FabricTopology
  /// Which links are gone, by their places.
  public private(set) var isFailed: [Bool]

  /// The catalogue of a fabric in which `failures` have happened.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for failures of what is not there, and where no path is left at all.
  public init(_ topology: FabricTopology, failures: [FabricFailure] = []) throws(PlannerError) {
    self.topology = topology
    isFailed = [Bool](repeating: false, count: topology.linkCount)
    for failure in failures { try fail(failure) }
    if failures.isEmpty { try checkNotEmpty() }
  }

  /// Takes out what goes over what broke.
  ///
  /// - Returns: the places of the links that are gone now and were not before.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for what is not there, and where no path is left at all.
  @discardableResult
  public mutating func fail(_ failure: FabricFailure) throws(PlannerError) -> [Int] {
    let gone = try failure.links(of: topology).filter { !isFailed[$0] }
    for link in gone { isFailed[link] = true }
    try checkNotEmpty()
    return gone
  }

  private func isHealthy(_ link: FabricLink) -> Bool { !isFailed[topology.index(of: link)] }

  /// The healthy paths from one card to another of a different node, in the order of source port, spine, destination port.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for cards that are not there or of one node, and where the fabric is
  ///   parted.
  public func paths(
    from source: FabricTopology.Card, to destination: FabricTopology.Card
  ) throws(PlannerError) -> [FabricPath] {
    for (field, card) in [("source", source), ("destination", destination)] {
      guard (0..<topology.nodes).contains(card.node), (0..<topology.cards).contains(card.index) else {
        throw .invalid(
          field: field,
          problem: "there is no card \(card.index) of node \(card.node) in \(topology.nodes) nodes of \(topology.cards)"
        )
      }
    }
    guard source.node != destination.node else {
      throw .invalid(field: "destination", problem: "node \(source.node) needs no fabric to reach itself")
    }
    var found: [FabricPath] = []
    for out in FabricTopology.Side.allCases where isHealthy(.portUp(source, out)) {
      let first = topology.leaf(node: source.node, side: out)
      let arrivals = FabricTopology.Side.allCases.filter { isHealthy(.portDown(destination, $0)) }
      let up = topology.index(of: .portUp(source, out))
      for side in arrivals where topology.leaf(node: destination.node, side: side) == first {
        let down = topology.index(of: .portDown(destination, side))
        found.append(FabricPath(source: out, spine: nil, destination: side, links: [up, down]))
      }
      for spine in 0..<topology.spines where isHealthy(.leafUp(leaf: first, spine: spine)) {
        for side in arrivals {
          let last = topology.leaf(node: destination.node, side: side)
          guard last != first, isHealthy(.leafDown(leaf: last, spine: spine)) else { continue }
          found.append(
            FabricPath(
              source: out, spine: spine, destination: side,
              links: [
                up, topology.index(of: .leafUp(leaf: first, spine: spine)),
                topology.index(of: .leafDown(leaf: last, spine: spine)),
                topology.index(of: .portDown(destination, side)),
              ]))
        }
      }
    }
    guard !found.isEmpty else {
      throw .invalid(
        field: "fabric",
        problem: "it is parted: no healthy path leads from node \(source.node) card \(source.index) to node "
          + "\(destination.node) card \(destination.index)")
    }
    return found
  }

  /// Throws where no leaf and no spine joins a port that can send to another node's that can receive.
  private func checkNotEmpty() throws(PlannerError) {
    // By leaf: the nodes that can send into it and receive from it, of which two are enough to know.
    var sending = [Set<Int>](repeating: [], count: topology.leaves)
    var receiving = sending
    for node in 0..<topology.nodes {
      for side in FabricTopology.Side.allCases {
        let leaf = topology.leaf(node: node, side: side)
        let cards = (0..<topology.cards).map { FabricTopology.Card(node: node, index: $0) }
        if sending[leaf].count < 2, cards.contains(where: { isHealthy(.portUp($0, side)) }) {
          sending[leaf].insert(node)
        }
        if receiving[leaf].count < 2, cards.contains(where: { isHealthy(.portDown($0, side)) }) {
          receiving[leaf].insert(node)
        }
      }
    }
    func joins(_ from: Set<Int>, _ to: Set<Int>) -> Bool { from.contains { !to.subtracting([$0]).isEmpty } }
    if (0..<topology.leaves).contains(where: { joins(sending[$0], receiving[$0]) }) { return }
    for spine in 0..<topology.spines {
      let up = (0..<topology.leaves).filter { isHealthy(.leafUp(leaf: $0, spine: spine)) }
      let down = (0..<topology.leaves).filter { isHealthy(.leafDown(leaf: $0, spine: spine)) }
      let from = up.reduce(into: Set<Int>()) { $0.formUnion(sending[$1]) }
      if joins(from, down.reduce(into: Set<Int>()) { $0.formUnion(receiving[$1]) }) { return }
    }
    throw .invalid(field: "catalogue", problem: "it is empty: no two nodes have a healthy path between them")
  }
}
