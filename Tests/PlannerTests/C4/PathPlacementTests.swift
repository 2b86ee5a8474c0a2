import NumericTypes
import Planner
import Testing

@Suite("Path placement") struct PathPlacementTests {
  /// The least largest load of all placements.
  private func least(_ placement: PathPlacement) -> Double {
    var best = Double.infinity
    var loads = [Double](repeating: 0, count: placement.capacities.count)
    func place(_ flow: Int) {
      guard flow < placement.flows.count else {
        var most = 0.0
        for (load, capacity) in zip(loads, placement.capacities) { most = max(most, load / capacity) }
        best = min(best, most)
        return
      }
      for candidate in placement.flows[flow].candidates {
        for link in candidate.links { loads[link] += placement.flows[flow].demand }
        place(flow + 1)
        for link in candidate.links { loads[link] -= placement.flows[flow].demand }
      }
    }
    place(0)
    return best
  }

  @Test("As good as any placement of few flows on paths of any links")
  func bruteForce() throws {
    var random = Random(seed: 1)
    var improved = 0
    for _ in 0..<120 {
      let links = 3 + Int(random.uniform() * 6)
      let capacities = (0..<links).map { _ in 1 + (random.uniform() * 4).rounded() }
      let flows = (0..<2 + Int(random.uniform() * 7)).map { _ in
        PathPlacement.Flow(
          demand: 1 + (random.uniform() * 4).rounded(),
          candidates: (0..<1 + Int(random.uniform() * 4)).map { label in
            var path = Set<Int>()
            for _ in 0..<1 + Int(random.uniform() * 3) { path.insert(Int(random.uniform() * Double(links))) }
            return PathPlacement.Candidate(links: path.sorted(), label: label)
          })
      }
      var placement = try PathPlacement(capacities: capacities, flows: flows)
      let solution = placement.solve()
      let least = least(placement)
      #expect(
        abs(solution.maximum - least) <= 1e-9 * least && solution.isOptimal && solution.bound <= least * (1 + 1e-9))
      check(placement, solution)
      // Without the search through all of them the local one is never better, and mostly as good.
      placement.searchedFlows = 0
      let local = placement.solve()
      #expect(local.maximum >= least * (1 - 1e-9))
      if local.maximum <= least * (1 + 1e-9) { improved += 1 }
    }
    #expect(improved > 90)
  }

  @Test("As good as any placement on small fabrics, whole and with a link gone")
  func smallFabrics() throws {
    var random = Random(seed: 2)
    for _ in 0..<60 {
      let spines = 2 + Int(random.uniform() * 3)
      let topology = try FabricTopology(
        nodes: 4, cards: 1, nodesPerGroup: 1 + Int(random.uniform() * 2), spines: spines, portBandwidth: 2,
        uplinkBandwidth: 1 + (random.uniform() * 3).rounded())
      let failures: [FabricFailure] =
        random.uniform() < 0.5 ? [] : [.uplink(leaf: Int(random.uniform() * Double(topology.leaves)), spine: 0)]
      let catalogue = try PathCatalogue(topology, failures: failures)
      let flows = try (0..<2 + Int(random.uniform() * 7)).map { _ in
        let nodes = Array(0..<4).shuffled(using: &random)
        let paths = try catalogue.paths(
          from: FabricTopology.Card(node: nodes[0], index: 0), to: FabricTopology.Card(node: nodes[1], index: 0))
        let side: FabricTopology.Side = random.uniform() < 0.5 ? .left : .right
        let own = paths.filter { $0.source == side && $0.destination == side }
        return PathPlacement.Flow(
          demand: 1 + (random.uniform() * 2).rounded(),
          candidates: own.map { PathPlacement.Candidate(links: $0.links, label: $0.spine ?? -1) })
      }
      #expect(flows.allSatisfy { $0.candidates.count <= 4 })
      let placement = try PathPlacement(capacities: topology.capacities, flows: flows)
      let solution = placement.solve()
      let least = least(placement)
      #expect(abs(solution.maximum - least) <= 1e-9 * least && solution.isOptimal)
      check(placement, solution)
    }
  }

  /// The loads are those of the choices.
  private func check(_ placement: PathPlacement, _ solution: PathPlacement.Solution) {
    var loads = [Double](repeating: 0, count: placement.capacities.count)
    for (flow, choice) in zip(placement.flows, solution.choices) {
      for link in flow.candidates[choice].links { loads[link] += flow.demand }
    }
    for link in loads.indices {
      #expect(abs(loads[link] / placement.capacities[link] - solution.utilisation[link]) < 1e-9)
    }
    #expect(solution.maximum == solution.utilisation.max())
  }

  @Test("Chains of exchanges colour any regular graph of leaves: every uplink has one flow")
  func regular() throws {
    var random = Random(seed: 3)
    for _ in 0..<40 {
      let leaves = 4 + Int(random.uniform() * 9)
      let degree = 2 + Int(random.uniform() * 7)
      // Leaf l's uplink to spine s, then its downlink.
      var flows: [PathPlacement.Flow] = []
      for _ in 0..<degree {
        for (from, to) in Array(0..<leaves).shuffled(using: &random).enumerated() {
          flows.append(
            PathPlacement.Flow(
              demand: 1,
              candidates: (0..<degree).map { spine in
                PathPlacement.Candidate(
                  links: [from * degree + spine, (leaves + to) * degree + spine], label: spine)
              }))
        }
      }
      flows.shuffle(using: &random)
      var placement = try PathPlacement(
        capacities: [Double](repeating: 1, count: 2 * leaves * degree), flows: flows)
      placement.searchedFlows = 0
      #expect(placement.solve().maximum == 1)
    }
  }

  @Test("Flows that are somewhere already stay where that is good, and what has no place gets one")
  func keeping() throws {
    let candidates = (0..<4).map { PathPlacement.Candidate(links: [$0], label: $0) }
    let flow = PathPlacement.Flow(demand: 1, candidates: candidates)
    let placement = try PathPlacement(capacities: [1, 1, 1, 1], flows: [flow, flow, flow])
    #expect(placement.solve(keeping: [2, nil, 3]).choices == [2, 0, 3])
    #expect(Set(placement.solve(keeping: [2, 2, 2]).choices).count == 3)
    #expect(placement.solve(keeping: [9, -1]).maximum == 1)
  }

  @Test("Empty catalogues and what is no number are refused")
  func refusals() throws {
    func flow(_ demand: Double, _ link: Int) -> PathPlacement.Flow {
      PathPlacement.Flow(demand: demand, candidates: [PathPlacement.Candidate(links: [link])])
    }
    let error = #expect(throws: PlannerError.self) {
      try PathPlacement(capacities: [1], flows: [PathPlacement.Flow(demand: 1, candidates: [])])
    }
    #expect(error.map { "\($0)".contains("catalogue is empty") } == true)
    for bad in [flow(.nan, 0), flow(-1, 0), flow(1, 1), flow(1, -1)] {
      #expect(throws: PlannerError.self) { try PathPlacement(capacities: [1], flows: [bad]) }
    }
    for capacity in [0, -1, Double.nan, .infinity] {
      #expect(throws: PlannerError.self) { try PathPlacement(capacities: [capacity], flows: []) }
    }
    #expect(try PathPlacement(capacities: [], flows: []).solve().maximum == 0)
  }
}
