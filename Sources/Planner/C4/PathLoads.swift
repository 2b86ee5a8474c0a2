/// Flows on paths, and what every link carries of them.
struct PathLoads {
  private let placement: PathPlacement
  /// Each flow's path among its candidates, −1 for none.
  private(set) var choices: [Int]
  private var loads: [Double]
  private var members: [[Int32]]

  init(_ placement: PathPlacement) {
    self.placement = placement
    choices = [Int](repeating: -1, count: placement.flows.count)
    loads = [Double](repeating: 0, count: placement.capacities.count)
    members = [[Int32]](repeating: [], count: placement.capacities.count)
  }

  /// Demands over capacities.
  var utilisation: [Double] { loads.indices.map { utilisation($0) } }

  /// The largest utilisation.
  var maximum: Double {
    var most = 0.0
    for link in loads.indices { most = max(most, utilisation(link)) }
    return most
  }

  private func utilisation(_ link: Int) -> Double { loads[link] / placement.capacities[link] }

  private func links(_ flow: Int, _ choice: Int) -> [Int] { placement.flows[flow].candidates[choice].links }

  private func label(_ flow: Int) -> Int { placement.flows[flow].candidates[choices[flow]].label }

  /// Puts a flow on a path; it must be on none.
  mutating func put(_ flow: Int, on choice: Int) {
    choices[flow] = choice
    for link in links(flow, choice) {
      loads[link] += placement.flows[flow].demand
      members[link].append(Int32(flow))
    }
  }

  /// Takes a flow off its path.
  mutating func take(_ flow: Int) {
    for link in links(flow, choices[flow]) {
      members[link].removeAll { $0 == Int32(flow) }
      // Sums that come and go leave rounding behind: an empty link carries nothing.
      loads[link] = members[link].isEmpty ? 0 : max(0, loads[link] - placement.flows[flow].demand)
    }
    choices[flow] = -1
  }

  /// The utilisation of a path's fullest link with a flow that is on none.
  func fullest(_ flow: Int, on choice: Int) -> Double {
    let demand = placement.flows[flow].demand
    var most = 0.0
    for link in links(flow, choice) { most = max(most, (loads[link] + demand) / placement.capacities[link]) }
    return most
  }

  /// The path with the smallest largest utilisation with a flow that is on none; of equals the one whose links together are
  /// emptiest, and the first of these.
  func emptiest(_ flow: Int) -> Int {
    var best = 0
    var least = (most: Double.infinity, sum: Double.infinity)
    for choice in placement.flows[flow].candidates.indices {
      let most = fullest(flow, on: choice)
      guard most <= least.most * (1 + 1e-12) else { continue }
      var sum = 0.0
      for link in links(flow, choice) { sum += utilisation(link) }
      if most < least.most * (1 - 1e-12) || sum < least.sum * (1 - 1e-12) { (best, least) = (choice, (most, sum)) }
    }
    return best
  }

  /// Moves flows away from the fullest links until these carry `bound`, or none of them can be relieved. Every step leaves fewer
  /// links as full as the fullest.
  mutating func relieve(downTo bound: Double, tolerance: Double) {
    while true {
      let most = maximum
      guard most > bound * (1 + tolerance) else { return }
      let limit = most * (1 - tolerance)
      let full = loads.indices.filter { utilisation($0) >= limit }
      guard full.contains(where: { relieve($0, below: limit, most: most) }) else { return }
    }
  }

  /// Moves a flow of `link`, and others with it, so that fewer links are as full as `limit` and none is fuller than `most`.
  private mutating func relieve(_ link: Int, below limit: Double, most: Double) -> Bool {
    for member in members[link] {
      let flow = Int(member)
      let old = choices[flow]
      take(flow)
      if utilisation(link) < limit {
        var best = -1
        var least = limit
        for choice in placement.flows[flow].candidates.indices where choice != old {
          let reached = fullest(flow, on: choice)
          if reached < least { (best, least) = (choice, reached) }
        }
        if best >= 0 {
          put(flow, on: best)
          return true
        }
      }
      put(flow, on: old)
    }
    for member in members[link] {
      let flow = Int(member)
      for choice in placement.flows[flow].candidates.indices where choice != choices[flow] {
        if exchange(flow, choice, below: limit, most: most) { return true }
      }
    }
    return false
  }

  /// Moves a flow to a path and what is in its way to paths of the label that it left, and so on: the alternating chains by which
  /// the edges of a bipartite graph are coloured (Kőnig).
  private mutating func exchange(_ flow: Int, _ choice: Int, below limit: Double, most: Double) -> Bool {
    let (left, taken) = (label(flow), placement.flows[flow].candidates[choice].label)
    guard left != taken else { return false }
    var journal: [(flow: Int, choice: Int)] = []
    var moved: Set<Int> = []
    // Links that were as full before may stay so.
    var before: [Int: Double] = [:]
    var waiting: [Int] = []
    func undo(_ loads: inout PathLoads) {
      for (flow, choice) in journal.reversed() {
        loads.take(flow)
        loads.put(flow, on: choice)
      }
    }
    func move(_ loads: inout PathLoads, _ flow: Int, _ choice: Int) {
      journal.append((flow, loads.choices[flow]))
      moved.insert(flow)
      let links = loads.links(flow, choice)
      for each in links + loads.links(flow, loads.choices[flow]) where before[each] == nil {
        before[each] = loads.utilisation(each)
      }
      loads.take(flow)
      loads.put(flow, on: choice)
      waiting += links
    }
    func isTooFull(_ each: Int) -> Bool {
      let found = utilisation(each)
      return found >= limit && found > (before[each] ?? 0) * (1 + 1e-12)
    }
    move(&self, flow, choice)
    while let full = waiting.popLast() {
      while isTooFull(full) {
        var next: (flow: Int, choice: Int)?
        for member in members[full] where !moved.contains(Int(member)) {
          let own = label(Int(member))
          guard own == left || own == taken else { continue }
          let wanted = own == left ? taken : left
          if let choice = placement.flows[Int(member)].candidates.firstIndex(where: { $0.label == wanted }) {
            next = (Int(member), choice)
            break
          }
        }
        guard let next else {
          // A chain that comes by twice may have filled this link and emptied another: what counts is how many are full.
          if utilisation(full) <= most * (1 + 1e-12) { break }
          undo(&self)
          return false
        }
        guard journal.count < 256 else {
          undo(&self)
          return false
        }
        move(&self, next.flow, next.choice)
      }
    }
    guard before.keys.count(where: { utilisation($0) >= limit }) < before.values.count(where: { $0 >= limit }) else {
      undo(&self)
      return false
    }
    return true
  }
}
