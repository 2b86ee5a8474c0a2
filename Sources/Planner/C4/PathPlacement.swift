/// Flows that each take one of several paths, so that the fullest link is as empty as can be.
///
/// A flow first takes the path whose fullest link is emptiest with it. Then flows leave the fullest links, alone or in a chain in
/// which flows of two labels change places, until none can; few flows are searched through to the end.
public struct PathPlacement: Sendable {
  /// A path that a flow may take.
  public struct Candidate: Sendable, Hashable {
    /// The places of its links.
    public var links: [Int]
    /// What paths of other flows have in common with it, such as a spine: chains change between two of them.
    public var label: Int

    /// A candidate.
    public init(links: [Int], label: Int = 0) {
      self.links = links
      self.label = label
    }
  }

  /// A flow.
  public struct Flow: Sendable, Hashable {
    /// The bytes a second that it would send.
    public var demand: Double
    /// Its paths.
    public var candidates: [Candidate]

    /// A flow.
    public init(demand: Double, candidates: [Candidate]) {
      self.demand = demand
      self.candidates = candidates
    }
  }

  /// Where all flows went.
  public struct Solution: Sendable, Hashable {
    /// Each flow's path among its candidates, [flows].
    public var choices: [Int]
    /// Demands over capacities, [links].
    public var utilisation: [Double]
    /// The largest of them.
    public var maximum: Double
    /// What it cannot be less than.
    public var bound: Double
    /// Whether no placement has less: by the bound, or because all were searched.
    public var isOptimal: Bool
  }

  /// What links carry, [links].
  public let capacities: [Double]
  /// The flows.
  public let flows: [Flow]
  /// What the fullest link cannot be below, where more is known than a flow's own links say.
  public var bound = 0.0
  /// Flows up to which all placements are searched.
  public var searchedFlows = 16
  /// Steps after which that search ends unproved.
  public var searchLimit = 200_000

  /// Flows to place.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a flow without candidates, demands and capacities that are none, and
  ///   links that are not there.
  public init(capacities: [Double], flows: [Flow]) throws(PlannerError) {
    if let bad = capacities.first(where: { !($0 > 0 && $0 < .infinity) }) {
      throw .invalid(field: "capacities", problem: "\(bad) is no capacity")
    }
    for (place, flow) in flows.enumerated() {
      guard !flow.candidates.isEmpty else {
        throw .invalid(field: "flows[\(place)].candidates", problem: "the catalogue is empty")
      }
      guard flow.demand >= 0, flow.demand < .infinity else {
        throw .invalid(field: "flows[\(place)].demand", problem: "\(flow.demand) B/s is no demand")
      }
      for candidate in flow.candidates {
        if let bad = candidate.links.first(where: { !capacities.indices.contains($0) }) {
          throw .invalid(
            field: "flows[\(place)].candidates", problem: "there is no link \(bad) among \(capacities.count)")
        }
      }
    }
    self.capacities = capacities
    self.flows = flows
  }

  /// Places all flows.
  ///
  /// - Parameter kept: where flows are already, [flows]; those without a place, and all where nothing is given, are placed anew.
  public func solve(keeping kept: [Int?] = []) -> Solution {
    var loads = PathLoads(self)
    for (flow, choice) in kept.enumerated() where flow < flows.count {
      if let choice, flows[flow].candidates.indices.contains(choice) { loads.put(flow, on: choice) }
    }
    for flow in flows.indices where loads.choices[flow] < 0 { loads.put(flow, on: loads.emptiest(flow)) }
    let least = max(bound, flowBound)
    let tolerance = 1e-9
    loads.relieve(downTo: least, tolerance: tolerance)
    var isOptimal = loads.maximum <= least * (1 + tolerance)
    if !isOptimal, flows.count <= searchedFlows {
      var search = PathSearch(self, best: loads, tolerance: tolerance)
      isOptimal = search.run(limit: searchLimit)
      loads = search.best
      isOptimal = isOptimal || loads.maximum <= least * (1 + tolerance)
    }
    return Solution(
      choices: loads.choices, utilisation: loads.utilisation, maximum: loads.maximum, bound: least,
      isOptimal: isOptimal)
  }

  /// What the flow that is hardest to place needs alone.
  private var flowBound: Double {
    var most = 0.0
    for flow in flows {
      var least = Double.infinity
      for candidate in flow.candidates {
        var own = 0.0
        for link in candidate.links { own = max(own, flow.demand / capacities[link]) }
        least = min(least, own)
      }
      most = max(most, least)
    }
    return most
  }
}

/// All placements of few flows, those left out that are no better than the best so far.
struct PathSearch {
  private(set) var best: PathLoads
  private var current: PathLoads
  private let flows: Int
  private let candidates: [Int]
  private let tolerance: Double
  private var steps = 0

  init(_ placement: PathPlacement, best: PathLoads, tolerance: Double) {
    self.best = best
    current = PathLoads(placement)
    flows = placement.flows.count
    candidates = placement.flows.map(\.candidates.count)
    self.tolerance = tolerance
  }

  /// Searches.
  ///
  /// - Returns: whether all placements were covered.
  mutating func run(limit: Int) -> Bool { place(0, 0, limit) }

  private mutating func place(_ flow: Int, _ most: Double, _ limit: Int) -> Bool {
    guard flow < flows else {
      best = current
      return true
    }
    for choice in 0..<candidates[flow] {
      guard steps < limit else { return false }
      steps += 1
      let reached = max(most, current.fullest(flow, on: choice))
      guard reached < best.maximum * (1 - tolerance) else { continue }
      current.put(flow, on: choice)
      let isWhole = place(flow + 1, reached, limit)
      current.take(flow)
      if !isWhole { return false }
    }
    return true
  }
}
