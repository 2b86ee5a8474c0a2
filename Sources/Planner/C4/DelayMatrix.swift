/// The seconds per byte of transfers between the ranks of one communicator, over a window.
///
/// Ranks must do the same work: those of other stages or tensor groups belong in matrices of their own. A cell without traffic
/// holds nothing; it is not fast.
public struct DelayMatrix: Sendable, Hashable {
  /// Ranks, n.
  public let ranks: Int
  /// Seconds per byte from rank i to rank j at i·n + j, [n · n]; nothing where nothing went.
  public let cells: [Double?]

  /// A matrix.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for cells that are not ranks², a rank that sends to itself, and what is
  ///   no time.
  public init(ranks: Int, cells: [Double?]) throws(PlannerError) {
    guard (2...1 << 12).contains(ranks) else {
      throw .invalid(field: "ranks", problem: "\(ranks) lies outside 2…\(1 << 12)")
    }
    guard cells.count == ranks * ranks else {
      throw .invalid(field: "cells", problem: "\(cells.count) cells are not those of \(ranks) ranks")
    }
    for (place, cell) in cells.enumerated() {
      guard let cell else { continue }
      guard place / ranks != place % ranks else {
        throw .invalid(field: "cells", problem: "rank \(place / ranks) sends to itself")
      }
      guard cell > 0, cell < .infinity else {
        throw .invalid(
          field: "cells", problem: "\(cell) s per byte from rank \(place / ranks) to rank \(place % ranks) is no time")
      }
    }
    self.ranks = ranks
    self.cells = cells
  }

  /// What the healthy cells take: nothing where there is no traffic.
  ///
  /// The median over cells is wrong where most cells are slow, as one node's row and column are among three ranks. So each rank
  /// stands for itself with its fastest cell, and cells up to `threshold` times the median of these are healthy; it is their
  /// median that counts.
  func typical(threshold: Double) -> Double? {
    var fastest = [Double](repeating: .infinity, count: ranks)
    for (place, cell) in cells.enumerated() {
      guard let cell else { continue }
      for rank in [place / ranks, place % ranks] { fastest[rank] = min(fastest[rank], cell) }
    }
    guard let first = Self.median(fastest.filter { $0 < .infinity }) else { return nil }
    return Self.median(cells.compactMap { $0 }.filter { $0 <= threshold * first })
  }

  /// The middle value, of an even number the smaller one: half of them may be slow.
  static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.sorted()[(values.count - 1) / 2]
  }
}
