extension FaultClassifier {
  /// The ranks that the others wait for: in most of the last operations they enter later than the others by more than the median
  /// and ``spread`` times the median absolute deviation. Operations that some rank has not entered are left out.
  ///
  /// A rank's lag is its entry less the median entry of the other ranks; the deviation is that of lags from their own rank's
  /// median, so that a steady lag adds nothing to it. The ranks that wait are the victims.
  ///
  /// - Returns: stragglers by rank, with the median seconds that the others waited for the last entry.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for records of different numbers of ranks, and times that are none.
  public func stragglers(in operations: [OperationRecord]) throws(PlannerError) -> [FaultFinding] {
    guard let ranks = operations.first?.entered.count else { return [] }
    for operation in operations { try operation.check(ranks) }
    let last = operations.sorted { $0.sequence < $1.sequence }.suffix(max(0, window))
    let entries = last.map { $0.entered.compactMap { $0 } }.filter { $0.count == ranks }
    // One operation says nothing of what comes back.
    guard ranks > 1, entries.count > 1 else { return [] }
    let lags = entries.map { Self.lags($0) }
    let medians = (0..<ranks).map { rank in DelayMatrix.median(lags.map { $0[rank] }) ?? 0 }
    let deviations = lags.flatMap { row in row.indices.map { abs(row[$0] - medians[$0]) } }
    let firsts = entries.compactMap { $0.min() }
    let periods = zip(firsts, firsts.dropFirst()).map { abs($1 - $0) }
    guard let center = DelayMatrix.median(medians), let deviation = DelayMatrix.median(deviations),
      let period = DelayMatrix.median(periods)
    else { return [] }
    let limit = center + spread * deviation
    var findings: [FaultFinding] = []
    for rank in 0..<ranks where medians[rank] > leastLag * period {
      let late = lags.count { $0[rank] > limit }
      guard Double(late) > share * Double(lags.count) else { continue }
      let waited = zip(entries, lags).map { entries, lags in entries[rank] - (entries.min() ?? 0) }
      findings.append(FaultFinding(.straggler(rank), evidence: DelayMatrix.median(waited) ?? 0))
    }
    return findings
  }

  /// Each rank's entry less the median entry of the others.
  private static func lags(_ entries: [Double]) -> [Double] {
    let sorted = entries.sorted()
    // Without one of n values the smaller middle is at (n − 2) / 2, one further where the one stood before it.
    let middle = (entries.count - 2) / 2
    return entries.map { entry in entry <= sorted[middle] ? entry - sorted[middle + 1] : entry - sorted[middle] }
  }
}
