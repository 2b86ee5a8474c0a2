/// A network of leaves and spines whose nodes have cards with two ports each.
///
/// A group of nodes has two leaves: every card's left port goes to the one, its right port to the other. Each leaf has one uplink
/// to each spine, and every spine joins all leaves of both sides. Links have two directions, each with a capacity of its own.
public struct FabricTopology: Sendable, Hashable {
  /// A side of a card, and the leaf of its group there.
  public enum Side: Int, Sendable, Hashable, CaseIterable {
    /// The first port.
    case left
    /// The second port.
    case right
  }

  /// A card of a node.
  public struct Card: Sendable, Hashable {
    /// The node.
    public var node: Int
    /// The card's place in it.
    public var index: Int

    /// A card.
    public init(node: Int, index: Int) {
      self.node = node
      self.index = index
    }
  }

  /// Nodes.
  public let nodes: Int
  /// Cards of a node.
  public let cards: Int
  /// Nodes under a pair of leaves.
  public let nodesPerGroup: Int
  /// Spines, which are a leaf's uplinks too.
  public let spines: Int
  /// Bytes a second of a port in one direction.
  public let portBandwidth: Double
  /// Bytes a second of an uplink in one direction.
  public let uplinkBandwidth: Double

  /// A fabric; unless said otherwise 16 nodes of 8 ports at 200 Gbit/s, and 8 uplinks of as much for the 8 ports of a leaf.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts below one or beyond what is planned, and rates that are none.
  public init(
    nodes: Int = 16, cards: Int = 4, nodesPerGroup: Int = 2, spines: Int = 8, portBandwidth: Double = 25e9,
    uplinkBandwidth: Double = 25e9
  ) throws(PlannerError) {
    for (field, value, most) in [
      ("nodes", nodes, 4096), ("cards", cards, 64), ("nodesPerGroup", nodesPerGroup, 4096), ("spines", spines, 1024),
    ] where !(1...most).contains(value) {
      throw .invalid(field: field, problem: "\(value) lies outside 1…\(most)")
    }
    for (field, rate) in [("portBandwidth", portBandwidth), ("uplinkBandwidth", uplinkBandwidth)]
    where !(rate > 0 && rate <= 1e15) {
      throw .invalid(field: field, problem: "\(rate) B/s lies outside 0…10¹⁵")
    }
    self.nodes = nodes
    self.cards = cards
    self.nodesPerGroup = nodesPerGroup
    self.spines = spines
    self.portBandwidth = portBandwidth
    self.uplinkBandwidth = uplinkBandwidth
    guard linkCount <= 1 << 20 else {
      throw .invalid(field: "nodes", problem: "\(linkCount) links are more than the \(1 << 20) that are planned")
    }
  }

  /// Groups of nodes; the last may be smaller.
  public var groups: Int { (nodes + nodesPerGroup - 1) / nodesPerGroup }
  /// Leaves: 2g and 2g + 1 are the left and the right one of group g.
  public var leaves: Int { 2 * groups }
  /// Ports.
  public var ports: Int { 2 * nodes * cards }
  /// Links, each direction counted.
  public var linkCount: Int { 2 * ports + 2 * leaves * spines }
  /// Bytes a second that a node can send: all ports of all cards.
  public var nodeBandwidth: Double { 2 * portBandwidth * Double(cards) }

  /// The leaf of a node's side.
  public func leaf(node: Int, side: Side) -> Int { 2 * (node / nodesPerGroup) + side.rawValue }

  /// The place of a link among all.
  public func index(of link: FabricLink) -> Int {
    switch link {
    case .portUp(let card, let side): (card.node * cards + card.index) * 2 + side.rawValue
    case .portDown(let card, let side): ports + (card.node * cards + card.index) * 2 + side.rawValue
    case .leafUp(let leaf, let spine): 2 * ports + leaf * spines + spine
    case .leafDown(let leaf, let spine): 2 * ports + (leaves + leaf) * spines + spine
    }
  }

  /// The link at a place below ``linkCount``.
  public func link(at index: Int) -> FabricLink {
    if index < 2 * ports {
      let port = index % ports
      let card = Card(node: port / 2 / cards, index: port / 2 % cards)
      let side: Side = port.isMultiple(of: 2) ? .left : .right
      return index < ports ? .portUp(card, side) : .portDown(card, side)
    }
    let place = index - 2 * ports
    let (leaf, spine) = (place / spines, place % spines)
    return leaf < leaves ? .leafUp(leaf: leaf, spine: spine) : .leafDown(leaf: leaf - leaves, spine: spine)
  }

  /// Bytes a second of every link.
  public var capacities: [Double] {
    [Double](repeating: portBandwidth, count: 2 * ports)
      + [Double](repeating: uplinkBandwidth, count: 2 * leaves * spines)
  }
}
