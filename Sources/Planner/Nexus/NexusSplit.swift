/// Which phase is to be as fast as it can.
public enum NexusMode: String, Sendable, Hashable, Codable, CaseIterable {
  /// Prompts, while tokens take at most β times as long as alone.
  case prefillFirst = "prefill-first"
  /// Tokens, while prompts take at most α times as long as alone.
  case decodeFirst = "decode-first"
}

/// A share of the device, in percent, for the phase that comes first; the other has the rest.
public struct NexusSplit: Sendable, Hashable {
  /// Percent of the phase that comes first, 1…99.
  public var percent: Int
  /// Whether the other phase keeps its promise.
  public var isFeasible: Bool
  /// How often the other phase was estimated.
  public var evaluations: Int

  /// The paper's search: down from `start` until the other phase keeps its promise, then up as long as it does.
  ///
  /// Where the other phase gets slower with every percent that it lacks, that is the most that it can spare. Where it does not, a
  /// start that keeps the promise leads to an end that does.
  ///
  /// - Parameters:
  ///   - start: percent of the phase that comes first now; is kept within 1…99.
  ///   - slack: the other phase may take so many times as long as with all of the device.
  ///   - other: seconds of the other phase on so many percent, 1…100.
  public static func greedy(from start: Int, slack: Double, other: (Int) -> Double) -> NexusSplit {
    let most = slack * other(100)
    var split = NexusSplit(percent: min(max(start, 1), 99), isFeasible: false, evaluations: 1)
    func keeps(_ percent: Int) -> Bool {
      split.evaluations += 1
      return other(100 - percent) <= most
    }
    split.isFeasible = keeps(split.percent)
    if !split.isFeasible {
      while split.percent > 1, !split.isFeasible {
        split.percent -= 1
        split.isFeasible = keeps(split.percent)
      }
      // The percent above was found wanting.
      return split
    }
    while split.percent < 99, keeps(split.percent + 1) { split.percent += 1 }
    return split
  }

  /// What is best of all percents: the fastest first phase that leaves the other its promise, the greater share where two are as
  /// fast; 1 % where none does.
  ///
  /// - Parameters:
  ///   - slack: as for the search.
  ///   - first: seconds of the phase that comes first on so many percent.
  ///   - other: seconds of the other one.
  public static func exhaustive(slack: Double, first: (Int) -> Double, other: (Int) -> Double) -> NexusSplit {
    let most = slack * other(100)
    var best: (percent: Int, seconds: Double)?
    for percent in 1...99 where other(100 - percent) <= most {
      let seconds = first(percent)
      if best.map({ seconds <= $0.seconds }) ?? true { best = (percent, seconds) }
    }
    return NexusSplit(percent: best?.percent ?? 1, isFeasible: best != nil, evaluations: 100)
  }
}
