/// A network of switches, as far as counting goes.
public enum NetworkTopology: Sendable, Hashable {
  /// Devices whose every link goes to a switch of its own: one hop between any two.
  case domain(devices: Int, links: Int, ports: Int)
  /// A fat tree of two layers: half of a leaf's ports go down, half up.
  case fatTree2(ports: Int)
  /// A fat tree of three layers.
  case fatTree3(ports: Int)
  /// Fat trees of two layers side by side: network card j of every node is on plane j.
  case multiPlane(ports: Int, planes: Int)
  /// One switch for the j-th device of every node and nothing between the switches.
  case rail(ports: Int, rails: Int)
  /// Slim Fly: 2q² switches, any two at most two hops apart.
  case slimFly(q: Int)
  /// Dragonfly: g groups of a switches with p endpoints and h links to other groups each.
  case dragonfly(endpoints: Int, switches: Int, globalLinks: Int, groups: Int)

  /// What there is of everything.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for sizes that are none, that do not fit each other, or that cannot be counted.
  public func counts() throws(PlannerError) -> NetworkCounts {
    func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(PlannerError) {
      guard range.contains(value) else {
        throw .invalid(field: field, problem: "\(value) lies outside \(range.lowerBound)…\(range.upperBound)")
      }
    }
    func even(_ ports: Int) throws(PlannerError) {
      try check("ports", ports, 2...1 << 16)
      guard ports.isMultiple(of: 2) else { throw .invalid(field: "ports", problem: "\(ports) is odd") }
    }
    switch self {
    case .domain(let devices, let links, let ports):
      try check("devices", devices, 1...1 << 20)
      try check("links", links, 1...1 << 10)
      try check("ports", ports, 1...1 << 16)
      guard ports >= devices else {
        throw .invalid(
          field: "ports", problem: "\(ports) are fewer than \(devices) devices: not every two share a switch")
      }
      // A switch with ports for every device more than once takes more than one link of each.
      let each = ports / devices
      return NetworkCounts(endpoints: devices, switches: (links + each - 1) / each, links: 0)
    case .fatTree2(let ports):
      try even(ports)
      return NetworkCounts(endpoints: ports * ports / 2, switches: 3 * ports / 2, links: ports * ports / 2)
    case .fatTree3(let ports):
      try even(ports)
      return NetworkCounts(
        endpoints: ports * ports * ports / 4, switches: 5 * ports * ports / 4, links: ports * ports * ports / 2)
    case .multiPlane(let ports, let planes):
      try check("planes", planes, 1...1 << 10)
      let plane = try NetworkTopology.fatTree2(ports: ports).counts()
      return NetworkCounts(
        endpoints: planes * plane.endpoints, switches: planes * plane.switches, links: planes * plane.links)
    case .rail(let ports, let rails):
      try check("ports", ports, 1...1 << 16)
      try check("rails", rails, 1...1 << 16)
      return NetworkCounts(endpoints: ports * rails, switches: rails, links: 0)
    case .slimFly(let q):
      try check("q", q, 3...1 << 16)
      // q = 4w + δ with δ of −1, 0, 1.
      let delta = [0, 1, nil, -1][q % 4]
      guard let delta else { throw .invalid(field: "q", problem: "\(q) is no 4w − 1, 4w or 4w + 1") }
      let radix = (3 * q - delta) / 2
      // As many endpoints a switch as keep every link busy: half of its links to others, rounded up.
      return NetworkCounts(endpoints: 2 * q * q * ((radix + 1) / 2), switches: 2 * q * q, links: q * q * radix)
    case .dragonfly(let endpoints, let switches, let globalLinks, let groups):
      try check("endpoints", endpoints, 1...1 << 12)
      try check("switches", switches, 1...1 << 12)
      try check("globalLinks", globalLinks, 0...1 << 12)
      try check("groups", groups, 1...switches * globalLinks + 1)
      guard (groups * switches * globalLinks).isMultiple(of: 2) else {
        throw .invalid(field: "groups", problem: "\(groups) groups have an odd number of ends of links between them")
      }
      return NetworkCounts(
        endpoints: endpoints * switches * groups, switches: switches * groups,
        links: groups * switches * (switches - 1) / 2 + groups * switches * globalLinks / 2)
    }
  }
}
