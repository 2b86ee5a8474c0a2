extension FaultClassifier {
  private struct Cause {
    var fault: FaultFinding.Fault
    var cells: [Int]
  }

  /// The fewest causes that account for all slow cells and no other: nodes, senders, receivers and links, each by rank.
  ///
  /// Where all that a rank sends, or receives, is slow, it is the rank; one cell alone is a link, since a ring has but one in
  /// every row and column. Where everything is slow alike nobody is suspect, and cells without traffic say nothing. Beyond four
  /// causes each next one is that of most cells that are left.
  public func slow(in matrix: DelayMatrix) -> [FaultFinding] {
    guard let typical = matrix.typical(threshold: slowness) else { return [] }
    let n = matrix.ranks
    let factors = matrix.cells.map { $0.map { $0 / typical } }
    let slow = Set(factors.indices.filter { (factors[$0] ?? 0) > slowness })
    guard !slow.isEmpty else { return [] }
    // What a rank sends and receives, where all of it is slow.
    func whole(_ places: [Int]) -> [Int] {
      let traffic = places.filter { factors[$0] != nil }
      return traffic.allSatisfy(slow.contains) ? traffic : []
    }
    var causes: [Cause] = []
    for rank in 0..<n {
      let row = whole((0..<n).map { rank * n + $0 })
      let column = whole((0..<n).map { $0 * n + rank })
      if !row.isEmpty, !column.isEmpty { causes.append(Cause(fault: .slowNode(rank), cells: row + column)) }
      if row.count > 1 { causes.append(Cause(fault: .slowSender(rank), cells: row)) }
      if column.count > 1 { causes.append(Cause(fault: .slowReceiver(rank), cells: column)) }
    }
    // Larger causes first: of as few causes those with the larger are taken.
    causes = causes.enumerated().sorted {
      ($1.element.cells.count, $0.offset) < ($0.element.cells.count, $1.offset)
    }.map(\.element)
    var found: [Cause]?
    for count in 1...4 where found == nil { found = Self.cover(slow, causes, count, ranks: n) }
    let chosen = found ?? Self.greedy(slow, causes, ranks: n)
    return chosen.map { cause in
      FaultFinding(cause.fault, evidence: DelayMatrix.median(cause.cells.compactMap { factors[$0] }) ?? 0)
    }.sorted { Self.order($0.fault) < Self.order($1.fault) }
  }

  private static func link(_ cell: Int, _ ranks: Int) -> Cause {
    Cause(fault: .slowLink(from: cell / ranks, to: cell % ranks), cells: [cell])
  }

  /// At most `count` causes that account for all of `open`, if there are such.
  private static func cover(_ open: Set<Int>, _ causes: [Cause], _ count: Int, ranks: Int) -> [Cause]? {
    guard let cell = open.min() else { return [] }
    guard open.count <= count * max(1, causes.first?.cells.count ?? 1) else { return nil }
    // Something must account for the first cell: of what covers it each is tried, then the link alone.
    for cause in causes.filter({ $0.cells.contains(cell) }) + [link(cell, ranks)] {
      let rest = open.subtracting(cause.cells)
      if rest.isEmpty { return [cause] }
      if count > 1, let others = cover(rest, causes, count - 1, ranks: ranks) { return [cause] + others }
    }
    return nil
  }

  private static func greedy(_ slow: Set<Int>, _ causes: [Cause], ranks: Int) -> [Cause] {
    var open = slow
    var chosen: [Cause] = []
    while true {
      var best: Cause?
      // Of one cell alone the link is as good a cause.
      var most = 1
      for cause in causes {
        let count = cause.cells.count(where: open.contains)
        if count > most { (best, most) = (cause, count) }
      }
      guard let best else { break }
      chosen.append(best)
      open.subtract(best.cells)
    }
    return chosen + open.sorted().map { link($0, ranks) }
  }

  private static func order(_ fault: FaultFinding.Fault) -> (Int, Int, Int) {
    switch fault {
    case .communicationHang, .nonCommunicationHang: (0, 0, 0)
    case .slowNode(let rank): (1, rank, 0)
    case .slowSender(let rank): (2, rank, 0)
    case .slowReceiver(let rank): (3, rank, 0)
    case .slowLink(let from, let to): (4, from, to)
    case .straggler(let rank): (5, rank, 0)
    }
  }
}
