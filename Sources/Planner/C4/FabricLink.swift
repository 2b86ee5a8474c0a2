/// One direction of a link of a ``FabricTopology``.
public enum FabricLink: Sendable, Hashable {
  /// From a card's port to its leaf.
  case portUp(FabricTopology.Card, FabricTopology.Side)
  /// From a leaf to a card's port.
  case portDown(FabricTopology.Card, FabricTopology.Side)
  /// From a leaf to a spine.
  case leafUp(leaf: Int, spine: Int)
  /// From a spine to a leaf.
  case leafDown(leaf: Int, spine: Int)
}

extension FabricLink: CustomStringConvertible {
  /// `leaf 3 → spine 2`.
  public var description: String {
    switch self {
    case .portUp(let card, let side): "node \(card.node) card \(card.index) \(side) → leaf"
    case .portDown(let card, let side): "leaf → node \(card.node) card \(card.index) \(side)"
    case .leafUp(let leaf, let spine): "leaf \(leaf) → spine \(spine)"
    case .leafDown(let leaf, let spine): "spine \(spine) → leaf \(leaf)"
    }
  }
}

/// What breaks in a fabric, both directions of it.
public enum FabricFailure: Sendable, Hashable {
  /// A spine with all of its links.
  case spine(Int)
  /// A leaf with all of its links.
  case leaf(Int)
  /// The link between a leaf and a spine.
  case uplink(leaf: Int, spine: Int)
  /// A card's port.
  case port(FabricTopology.Card, FabricTopology.Side)

  /// The places of the links that are gone.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for what the fabric does not have.
  func links(of topology: FabricTopology) throws(PlannerError) -> [Int] {
    func check(_ field: String, _ value: Int, _ count: Int) throws(PlannerError) {
      guard (0..<count).contains(value) else {
        throw .invalid(field: field, problem: "there is no \(value), the fabric has 0…\(count - 1)")
      }
    }
    func both(_ leaf: Int, _ spine: Int) -> [Int] {
      [topology.index(of: .leafUp(leaf: leaf, spine: spine)), topology.index(of: .leafDown(leaf: leaf, spine: spine))]
    }
    switch self {
    case .spine(let spine):
      try check("spine", spine, topology.spines)
      return (0..<topology.leaves).flatMap { both($0, spine) }
    case .leaf(let leaf):
      try check("leaf", leaf, topology.leaves)
      let side: FabricTopology.Side = leaf.isMultiple(of: 2) ? .left : .right
      let first = leaf / 2 * topology.nodesPerGroup
      let cards = (first..<min(topology.nodes, first + topology.nodesPerGroup)).flatMap { node in
        (0..<topology.cards).map { FabricTopology.Card(node: node, index: $0) }
      }
      return (0..<topology.spines).flatMap { both(leaf, $0) }
        + cards.flatMap { [topology.index(of: .portUp($0, side)), topology.index(of: .portDown($0, side))] }
    case .uplink(let leaf, let spine):
      try check("leaf", leaf, topology.leaves)
      try check("spine", spine, topology.spines)
      return both(leaf, spine)
    case .port(let card, let side):
      try check("node", card.node, topology.nodes)
      try check("card", card.index, topology.cards)
      return [topology.index(of: .portUp(card, side)), topology.index(of: .portDown(card, side))]
    }
  }
}
