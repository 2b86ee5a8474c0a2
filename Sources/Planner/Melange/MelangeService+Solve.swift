extension MelangeService {
  /// The cheapest allocation.
  ///
  /// - Parameters:
  ///   - seconds: after how long the best so far is returned with its bound; by default not before the end.
  ///   - steps: of the search for whole slices at one vector of counts, after which it is given up: then the bound says
  ///     so.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` where there are too few instances.
  public func solve(seconds: Double? = nil, steps: Int = 2_000_000) throws(PlannerError) -> MelangeAllocation {
    let start = ContinuousClock.now
    let limit = seconds.map { Duration.seconds(min(max(0, $0), 1e9)) }
    var solver = MelangeSolver(self, stepLimit: steps) { limit.map { start.duration(to: .now) > $0 } ?? false }
    return try solver.solve()
  }
}
