/// How many machines of a design a load needs, and what load they take.
public struct SplitwiseProvisioning: Sendable, Hashable {
  /// What is to be least.
  public enum Goal: String, Sendable, Hashable, Codable, CaseIterable {
    /// US dollars an hour.
    case cost
    /// Watts.
    case power
    /// Machines.
    case machines
  }

  /// The sizes of requests.
  public var trace: ServingLoad.AzureTrace
  /// The model.
  public var model: SplitwiseProfile.Model
  /// Seconds of arrivals, two minutes in the paper.
  public var seconds: Double
  /// The requests' seeds: the promise must hold with each.
  public var seeds: [UInt64]
  /// How many simulations run at once; results do not depend on it.
  public var threads: Int

  /// A search.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public init(
    _ trace: ServingLoad.AzureTrace, model: SplitwiseProfile.Model = .bloom176B, seconds: Double = 120,
    seeds: [UInt64] = [0], threads: Int = 1
  ) throws(PlannerError) {
    guard (1...64).contains(seeds.count) else {
      throw .invalid(field: "seeds", problem: "\(seeds.count) lie outside 1…64")
    }
    guard (1...256).contains(threads) else {
      throw .invalid(field: "threads", problem: "\(threads) lies outside 1…256")
    }
    _ = try ServingLoad.azure(trace, rate: 1, seconds: seconds)
    self.trace = trace
    self.model = model
    self.seconds = seconds
    self.seeds = seeds
    self.threads = threads
  }

  /// Whether the cluster keeps the paper's promise at `rate` requests a second.
  ///
  /// - Throws: ``PlannerError``.
  public func holds(_ cluster: SplitwiseCluster, rate: Double) throws(PlannerError) -> Bool {
    let load = try ServingLoad.azure(trace, rate: rate, seconds: seconds)
    var simulation = try cluster.simulation()
    // A cluster that is minutes behind when the last request comes keeps no promise; it need not be watched any longer.
    simulation.mostSeconds = seconds * 2 + 300
    for seed in seeds {
      let report = try simulation.run(load.requests(seed: seed), seed: seed)
      if !SplitwiseObjective(report, model: model).isMet { return false }
    }
    return true
  }

  /// The highest of the rates `step`, 2·`step` … that the cluster takes, found by halving; zero where it takes none.
  ///
  /// - Throws: ``PlannerError``.
  public func capacity(
    _ cluster: SplitwiseCluster, step: Double = 5, most: Double = 400
  ) throws(PlannerError) -> Double {
    guard step > 0, most >= step, most / step <= 1e6 else {
      throw .invalid(field: "step", problem: "\(step) up to \(most) requests/s")
    }
    var (low, high) = (0, Int(most / step) + 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if try holds(cluster, rate: Double(middle) * step) { low = middle } else { high = middle }
    }
    return Double(low) * step
  }

  /// Of some divisions of a design's machines the one that takes the highest rate, and that; `nil` where none takes
  /// any.
  ///
  /// - Parameters:
  ///   - design: the design.
  ///   - divisions: machines for prompts and for tokens.
  ///   - step: the rates' distance.
  /// - Throws: ``PlannerError``.
  public func best(
    _ design: SplitwiseDesign, of divisions: [(prompts: Int, tokens: Int)], step: Double = 5
  ) throws(PlannerError) -> (cluster: SplitwiseCluster, rate: Double)? {
    var clusters: [SplitwiseCluster] = []
    for (prompts, tokens) in divisions {
      clusters.append(try SplitwiseCluster(design, prompts: prompts, tokens: tokens, model: model))
    }
    let rates = try SimulationSweep.map(clusters, threads: threads) { cluster throws(PlannerError) in
      try capacity(cluster, step: step)
    }
    // Of equals the one in the middle: it is the furthest from where the rate falls.
    guard let top = rates.max(), top > 0 else { return nil }
    let equal = rates.indices.filter { rates[$0] == top }
    return (clusters[equal[equal.count / 2]], top)
  }

  /// The cluster of a design that keeps the promise at `rate` for the least; `nil` where none of up to `most` machines
  /// of a kind does.
  ///
  /// For every number of machines for tokens the least number for prompts is found by halving.
  ///
  /// - Throws: ``PlannerError``.
  public func least(
    _ design: SplitwiseDesign, rate: Double, goal: Goal = .cost, most: Int = 80
  ) throws(PlannerError) -> SplitwiseCluster? {
    guard (1...512).contains(most) else { throw .invalid(field: "most", problem: "\(most) lies outside 1…512") }
    let found = try SimulationSweep.map(design.isSplit ? Array(1...most) : [0], threads: threads) {
      tokens throws(PlannerError) -> SplitwiseCluster? in
      func cluster(_ prompts: Int) throws(PlannerError) -> SplitwiseCluster {
        try SplitwiseCluster(design, prompts: prompts, tokens: tokens, model: model)
      }
      var (low, high) = (0, most + 1)
      while high - low > 1 {
        let middle = (low + high) / 2
        if try holds(try cluster(middle), rate: rate) { high = middle } else { low = middle }
      }
      return high > most ? nil : try cluster(high)
    }
    return found.compactMap { $0 }.min { Self.value($0, goal) < Self.value($1, goal) }
  }

  private static func value(_ cluster: SplitwiseCluster, _ goal: Goal) -> Double {
    switch goal {
    case .cost: cluster.price
    case .power: cluster.power
    case .machines: Double(cluster.machines)
    }
  }
}
