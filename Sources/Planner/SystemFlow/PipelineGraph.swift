#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Modeling Performance of Data Collection Systems for High-Energy Physics (2024), https://arxiv.org/abs/2407.00123: rates,
// filters, power and relevant samples for each joule of a chain of stages.

/// A tree of nodes: sources at its leaves, storage at its root.
public struct PipelineGraph: Sendable, Hashable {
  /// The nodes.
  public private(set) var nodes: [PipelineNode]
  /// The links, one from each node but the root.
  public private(set) var links: [PipelineLink]
  /// By how much later technology divides all power.
  public private(set) var technologyScale: Double

  /// Places of nodes, those before a node first.
  let order: [Int]
  let children: [[Int]]
  /// The link by which each node sends; `nil` for the root.
  let sends: [Int?]

  /// The most nodes.
  public static let limit = 4096

  /// How much denser logic is in `year` than in 2022: e^(0.18717361·(year − 2022)), the published code's fit.
  public static func technologyScale(year: Double) -> Double { exp(0.18717361 * (year - 2022)) }

  /// A graph.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no node or more than 4096, a name that is there twice, a link to nowhere
  ///   or a second one from a node, several roots, a cycle, a source that others send to, a leaf without a rate, a scale that is
  ///   not above 0, and numbers of a node or link that are none.
  public init(_ nodes: [PipelineNode], links: [PipelineLink], technologyScale: Double = 1) throws(PlannerError) {
    guard (1...Self.limit).contains(nodes.count), links.count < nodes.count else {
      throw .invalid(
        field: "nodes", problem: "\(nodes.count) with \(links.count) links: a tree of 1…\(Self.limit) has a link less")
    }
    guard technologyScale > 0, technologyScale.isFinite else {
      throw .invalid(field: "technologyScale", problem: "\(technologyScale) must be above 0")
    }
    var places: [String: Int] = [:]
    for (place, node) in nodes.enumerated() {
      guard places.updateValue(place, forKey: node.name) == nil else {
        throw .invalid(field: "nodes", problem: "'\(node.name)' is there twice")
      }
      if let problem = node.problem {
        throw .invalid(field: "\(node.name).\(problem.field)", problem: problem.problem)
      }
    }
    var children = [[Int]](repeating: [], count: nodes.count)
    var sends = [Int?](repeating: nil, count: nodes.count)
    for (index, link) in links.enumerated() {
      guard let from = places[link.from], let to = places[link.to] else {
        throw .invalid(field: "links", problem: "'\(link.from)' to '\(link.to)': no such node")
      }
      guard sends[from] == nil else { throw .invalid(field: "links", problem: "'\(link.from)' sends twice") }
      guard link.joulesPerBit >= 0, link.joulesPerBit.isFinite else {
        throw .invalid(field: "\(link.from).joulesPerBit", problem: "\(link.joulesPerBit) must not be below 0")
      }
      sends[from] = index
      children[to].append(from)
    }
    let roots = nodes.indices.filter { sends[$0] == nil }
    guard roots.count == 1, let root = roots.first else {
      throw .invalid(
        field: "links",
        problem: roots.isEmpty
          ? "a cycle: every node sends" : "\(roots.count) nodes send nowhere: \(roots.prefix(4).map { nodes[$0].name })"
      )
    }
    // From the root down; what is not reached stands in a cycle.
    var order = [root]
    var next = 0
    while next < order.count {
      order += children[order[next]]
      next += 1
    }
    guard order.count == nodes.count else {
      let lost = Set(nodes.indices).subtracting(order).sorted().prefix(4).map { nodes[$0].name }
      throw .invalid(field: "links", problem: "a cycle that never reaches '\(nodes[root].name)': \(lost)")
    }
    for (place, node) in nodes.enumerated() where (node.rate == nil) != !children[place].isEmpty {
      throw .invalid(
        field: "\(node.name).rate",
        problem: node.rate == nil ? "a source needs a rate" : "only sources have one, and others send to this node")
    }
    self.nodes = nodes
    self.links = links
    self.technologyScale = technologyScale
    self.children = children
    self.sends = sends
    self.order = order.reversed()
  }

  /// The graph with another number in place of one.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a node that is not there, a field that it does not have, and numbers
  ///   that are none.
  public func setting(_ parameter: PipelineParameter, to value: Double) throws(PlannerError) -> PipelineGraph {
    guard let place = nodes.firstIndex(where: { $0.name == parameter.node }) else {
      throw .invalid(field: "parameter", problem: "no node is called '\(parameter.node)'")
    }
    var graph = self
    if parameter.field == .joulesPerBit {
      guard let link = sends[place] else {
        throw .invalid(field: "\(parameter)", problem: "'\(parameter.node)' sends nothing")
      }
      guard value >= 0, value.isFinite else {
        throw .invalid(field: "\(parameter)", problem: "\(value) must not be below 0")
      }
      graph.links[link].joulesPerBit = value
      return graph
    }
    guard graph.nodes[place].set(parameter.field, to: value) else {
      throw .invalid(field: "\(parameter)", problem: "the node has no such field")
    }
    if let problem = graph.nodes[place].problem {
      throw .invalid(field: "\(parameter.node).\(problem.field)", problem: problem.problem)
    }
    return graph
  }

  /// A number of the graph; `nil` where the node, or the field of it, is not there.
  public func value(of parameter: PipelineParameter) -> Double? {
    guard let place = nodes.firstIndex(where: { $0.name == parameter.node }) else { return nil }
    if parameter.field == .joulesPerBit { return sends[place].map { links[$0].joulesPerBit } }
    return nodes[place].value(of: parameter.field)
  }
}
