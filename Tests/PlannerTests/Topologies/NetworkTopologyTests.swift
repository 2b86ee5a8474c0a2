import Planner
import Testing

@Suite struct NetworkTopologyTests {
  /// Every port of every switch is a link's end or an endpoint's place.
  @Test func portsAreUsedUp() throws {
    for ports in [2, 4, 8, 64, 128] {
      for (topology, layers) in [(NetworkTopology.fatTree2(ports: ports), 2), (.fatTree3(ports: ports), 3)] {
        let counts = try topology.counts()
        #expect(counts.endpoints + 2 * counts.links == ports * counts.switches, "\(layers) layers of \(ports)")
      }
      let one = try NetworkTopology.fatTree2(ports: ports).counts()
      let planes = try NetworkTopology.multiPlane(ports: ports, planes: 8).counts()
      #expect(planes == NetworkCounts(endpoints: 8 * one.endpoints, switches: 8 * one.switches, links: 8 * one.links))
    }
  }

  /// A McKay-Miller-Širáň graph built for q = 5: its links counted, its diameter 2.
  @Test func aSlimFlyHasTheLinksOfItsGraph() throws {
    let q = 5
    // 2 generates the field's units; its even powers and its odd powers.
    let even: Set = [1, 4]
    let odd: Set = [2, 3]
    func index(_ part: Int, _ x: Int, _ y: Int) -> Int { part * q * q + x * q + y }
    var joined = [Set<Int>](repeating: [], count: 2 * q * q)
    for x in 0..<q {
      for a in 0..<q {
        for b in 0..<q where a != b {
          if even.contains((a - b + q) % q) { joined[index(0, x, a)].insert(index(0, x, b)) }
          if odd.contains((a - b + q) % q) { joined[index(1, x, a)].insert(index(1, x, b)) }
        }
        for m in 0..<q {
          let c = ((a - m * x) % q + q) % q
          joined[index(0, x, a)].insert(index(1, m, c))
          joined[index(1, m, c)].insert(index(0, x, a))
        }
      }
    }
    let counts = try NetworkTopology.slimFly(q: q).counts()
    #expect(counts.switches == joined.count && counts.links == joined.reduce(0) { $0 + $1.count } / 2)
    #expect(joined.allSatisfy { $0.count == 7 } && counts.endpoints == 4 * counts.switches)
    for (start, near) in joined.enumerated() {
      let reached = near.reduce(near.union([start])) { $0.union(joined[$1]) }
      #expect(reached.count == joined.count)
    }
  }

  /// Groups and switches joined one by one.
  @Test func aDragonflyHasTheLinksOfItsGroups() throws {
    for (p, a, h) in [(1, 2, 1), (2, 4, 2), (4, 8, 4)] {
      let groups = a * h + 1
      let counts = try NetworkTopology.dragonfly(endpoints: p, switches: a, globalLinks: h, groups: groups).counts()
      var links = 0
      for _ in 0..<groups { for one in 0..<a { for _ in (one + 1)..<max(a, one + 1) { links += 1 } } }
      // With a·h + 1 groups every two share one link.
      for one in 0..<groups { links += groups - 1 - one }
      #expect(counts == NetworkCounts(endpoints: p * a * groups, switches: a * groups, links: links))
    }
  }

  @Test func domainsAndRailsAreCounted() throws {
    // 72 devices of 18 links on switches of 72 ports; 8 devices of 12 links on 6 switches of 16.
    let rack = try NetworkTopology.domain(devices: 72, links: 18, ports: 72).counts()
    #expect(rack == NetworkCounts(endpoints: 72, switches: 18, links: 0))
    #expect(try NetworkTopology.domain(devices: 8, links: 12, ports: 16).counts().switches == 6)
    let rails = try NetworkTopology.rail(ports: 64, rails: 8).counts()
    #expect(rails == NetworkCounts(endpoints: 512, switches: 8, links: 0))
  }

  @Test func pricesAddUp() throws {
    let prices = try NetworkPrices(networkSwitch: 100, link: 10, endpoint: 1)
    #expect(NetworkCounts(endpoints: 3, switches: 2, links: 5).cost(prices) == 253)
    for bad in [-1, .nan, .infinity] {
      #expect(throws: PlannerError.self) { try NetworkPrices(networkSwitch: bad, link: 1, endpoint: 1) }
      #expect(throws: PlannerError.self) { try NetworkPrices(networkSwitch: 1, link: bad, endpoint: 1) }
      #expect(throws: PlannerError.self) { try NetworkPrices(networkSwitch: 1, link: 1, endpoint: bad) }
    }
  }

  @Test func whatCannotBeIsRefused() {
    let bad: [NetworkTopology] = [
      .fatTree2(ports: 3), .fatTree2(ports: 0), .fatTree3(ports: .max), .multiPlane(ports: 64, planes: 0),
      .slimFly(q: 6),
      .slimFly(q: 0), .slimFly(q: .max), .slimFly(q: -1), .rail(ports: 0, rails: 1), .rail(ports: 1, rails: .min),
      .domain(devices: 9, links: 1, ports: 8), .domain(devices: 0, links: 1, ports: 8),
      .dragonfly(endpoints: 1, switches: 2, globalLinks: 1, groups: 4),
      .dragonfly(endpoints: 1, switches: 3, globalLinks: 1, groups: 3),
      .dragonfly(endpoints: .max, switches: 2, globalLinks: 1, groups: 2),
      .dragonfly(endpoints: 1, switches: .max, globalLinks: .max, groups: 2),
    ]
    for topology in bad { #expect(throws: PlannerError.self, "\(topology)") { try topology.counts() } }
  }
}
