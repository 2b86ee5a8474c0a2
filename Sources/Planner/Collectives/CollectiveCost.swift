/// The messages of a collective: how many follow each other, how many bytes go over a link, exactly.
///
/// The buffer is the whole one: what an all-gather ends with, what a reduce-scatter begins with, all that a rank has for others and
/// itself in an all-to-all. Parts differ by one byte where ranks do not divide it, the longer ones first.
public struct CollectiveCost: Sendable, Hashable {
  /// Turns, one after the other.
  public var steps: Int
  /// Bytes that all ranks send together.
  public var totalBytes: Int
  /// Bytes that the busiest rank sends.
  public var busiestBytes: Int
  /// Bytes that follow each other on the way that ends last.
  public var serialBytes: Int

  /// What `collective` moves.
  ///
  /// A ring's all-reduce is a reduce-scatter and an all-gather, 2(n−1) turns of a part each. A tree moves whole buffers in ⌈log₂ n⌉
  /// turns each way; a star's middle takes n−1 of them one after the other, and sends as many.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no ranks, bytes below zero, sizes beyond 64 bits, and where the algorithm
  ///   knows no such collective: trees and stars do not scatter.
  public init(
    _ collective: Collective, _ algorithm: Collective.Algorithm, ranks: Int, bytes: Int
  ) throws(PlannerError) {
    guard (1...1 << 31).contains(ranks) else {
      throw .invalid(field: "ranks", problem: "\(ranks) lies outside 1…\(1 << 31)")
    }
    guard bytes >= 0, !bytes.multipliedReportingOverflow(by: 2 * ranks).overflow else {
      throw .invalid(field: "bytes", problem: "\(bytes) on \(ranks) ranks cannot be counted")
    }
    let others = ranks - 1
    guard others > 0 else {
      (steps, totalBytes, busiestBytes, serialBytes) = (0, 0, 0, 0)
      return
    }
    let turns = Int.bitWidth - others.leadingZeroBitCount
    switch (collective, algorithm) {
    case (.allReduce, .ring):
      let parts = Parts(bytes, ranks)
      // Rank r sends all parts but r+1 on the first round and all but r+2 on the second.
      let busiest = 2 * bytes - parts.leastOfTwoNeighbours
      (steps, totalBytes, busiestBytes, serialBytes) = (
        2 * others, 2 * others * bytes, busiest, 2 * others * parts.most
      )
    case (.reduceScatter, .ring), (.allGather, .ring), (.allToAll, .ring):
      let parts = Parts(bytes, ranks)
      (steps, totalBytes, busiestBytes) = (others, others * bytes, bytes - parts.least)
      serialBytes = others * parts.most
    case (.broadcast, .ring):
      // Parts follow each other around: the last one leaves after n−1 others and has n−2 more links to go.
      let parts = Parts(bytes, ranks)
      (steps, totalBytes, busiestBytes) = (ranks + others - 1, others * bytes, bytes)
      serialBytes = (ranks + others - 1) * parts.most
    case (.broadcast, .tree):
      (steps, totalBytes, busiestBytes, serialBytes) = (turns, others * bytes, turns * bytes, turns * bytes)
    case (.allReduce, .tree):
      (steps, totalBytes, busiestBytes) = (2 * turns, 2 * others * bytes, turns * bytes)
      serialBytes = 2 * turns * bytes
    case (.broadcast, .star):
      (steps, totalBytes, busiestBytes, serialBytes) = (1, others * bytes, others * bytes, others * bytes)
    case (.allReduce, .star):
      (steps, totalBytes, busiestBytes) = (2, 2 * others * bytes, others * bytes)
      serialBytes = 2 * others * bytes
    case (.reduceScatter, _), (.allGather, _), (.allToAll, _):
      throw .invalid(
        field: "algorithm", problem: "a \(algorithm.rawValue) knows no \(collective.rawValue), a ring does")
    }
  }

  /// Seconds over links that are all like `link`.
  public func seconds(over link: Link) -> Double {
    Double(steps) * link.latency + Double(serialBytes) / link.bandwidth
  }

  /// A buffer in parts, one a rank.
  private struct Parts {
    let least: Int
    let most: Int
    /// The least bytes of two parts that follow each other.
    let leastOfTwoNeighbours: Int

    init(_ bytes: Int, _ ranks: Int) {
      let (quotient, longer) = bytes.quotientAndRemainder(dividingBy: ranks)
      least = quotient
      most = quotient + (longer > 0 ? 1 : 0)
      // The last two are short unless only one is; two ranks have each other on both sides.
      leastOfTwoNeighbours = 2 * quotient + (ranks - longer >= 2 || longer == 0 ? 0 : 1)
    }
  }
}

extension Collective {
  /// Seconds on a ring of `ranks` for a buffer of `bytes`, parts not rounded: for models that call it often.
  ///
  /// - Returns: 0 for one rank.
  func ringSeconds(ranks: Int, bytes: Double, over link: Link) -> Double {
    guard ranks > 1 else { return 0 }
    let others = Double(ranks - 1)
    let turns: Double
    switch self {
    case .allReduce: turns = 2 * others
    case .broadcast: turns = 2 * others
    case .reduceScatter, .allGather, .allToAll: turns = others
    }
    return turns * (link.latency + bytes / Double(ranks) / link.bandwidth)
  }
}
