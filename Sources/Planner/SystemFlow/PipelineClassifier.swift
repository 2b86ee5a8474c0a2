#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How a stage tells messages that matter (positives) from those that do not.
public enum PipelineClassifier: Sendable, Hashable {
  /// Everything goes on.
  case passThrough
  /// Scores of negatives are drawn from N(0, 1), of positives from N(skill, spread).
  case gaussian(skill: Double, spread: Double)
  /// The parts of negatives and of positives that are rejected, whatever the reduction.
  case fixed(trueNegative: Double, falseNegative: Double)
  /// Scores that were measured, ascending; `boost` moves the positives'.
  case scores(negative: [Double], positive: [Double], boost: Double)

  /// The parts of negatives (tn) and of positives (fn) that a stage rejects.
  package struct Rejection: Sendable, Hashable {
    /// Of negatives.
    package var trueNegative: Double
    /// Of positives.
    package var falseNegative: Double
  }

  /// The parts that are rejected so that one message in `reduction` goes on.
  ///
  /// The threshold is bracketed and halved: for scores over their quantiles, where the share that is rejected is a step
  /// function.
  package func rejection(negatives: Double, positives: Double, reduction: Double) -> Rejection {
    let target = 1 - 1 / reduction
    let all = negatives + positives
    switch self {
    case .passThrough: return Rejection(trueNegative: 0, falseNegative: 0)
    case .fixed(let tn, let fn): return Rejection(trueNegative: tn, falseNegative: fn)
    case .gaussian(let skill, let spread):
      guard target > 0, all > 0 else { return Rejection(trueNegative: 0, falseNegative: 0) }
      func parts(_ t: Double) -> Rejection {
        Rejection(
          trueNegative: NormalDistribution.below(t), falseNegative: NormalDistribution.below((t - skill) / spread))
      }
      let low = min(-40, skill - 40 * spread)
      let high = max(40, skill + 40 * spread)
      let threshold = Bisection.solve(in: low...high, for: target) { t in
        let parts = parts(t)
        return (negatives * parts.trueNegative + positives * parts.falseNegative) / all
      }
      return parts(threshold)
    case .scores(let negative, let positive, let boost):
      guard target > 0, all > 0 else { return Rejection(trueNegative: 0, falseNegative: 0) }
      func parts(_ t: Double) -> Rejection {
        Rejection(trueNegative: Self.below(t, negative), falseNegative: Self.below(t - boost, positive))
      }
      // The least threshold, among the scores, that rejects enough.
      let places = (negative + positive.map { $0 + boost }).sorted()
      var (low, high) = (0, places.count)
      while low < high {
        let middle = (low + high) / 2
        let found = parts(places[middle])
        if (negatives * found.trueNegative + positives * found.falseNegative) / all < target {
          low = middle + 1
        } else {
          high = middle
        }
      }
      return low < places.count ? parts(places[low]) : Rejection(trueNegative: 1, falseNegative: 1)
    }
  }

  /// The part of ascending scores that lies below `t`.
  private static func below(_ t: Double, _ scores: [Double]) -> Double {
    var (low, high) = (0, scores.count)
    while low < high {
      let middle = (low + high) / 2
      if scores[middle] < t { low = middle + 1 } else { high = middle }
    }
    return Double(low) / Double(max(1, scores.count))
  }

  /// What is wrong with it.
  var problem: (field: String, problem: String)? {
    switch self {
    case .passThrough: return nil
    case .gaussian(let skill, let spread):
      if !(abs(skill) <= 1000) { return ("skill", "\(skill) lies outside −1000…1000") }
      return spread > 0 && spread <= 1000 ? nil : ("spread", "\(spread) must lie above 0 and at most at 1000")
    case .fixed(let tn, let fn):
      for (field, part) in [("trueNegative", tn), ("falseNegative", fn)] where !(part >= 0 && part <= 1) {
        return (field, "\(part) lies outside 0…1")
      }
      return nil
    case .scores(let negative, let positive, let boost):
      for (field, scores) in [("negative", negative), ("positive", positive)] {
        guard (1...1 << 20).contains(scores.count), scores.allSatisfy(\.isFinite) else {
          return (field, "\(scores.count) scores, not 1…\(1 << 20) finite ones")
        }
        guard zip(scores, scores.dropFirst()).allSatisfy({ $0 <= $1 }) else { return (field, "they must ascend") }
      }
      return boost.isFinite ? nil : ("boost", "\(boost)")
    }
  }
}
