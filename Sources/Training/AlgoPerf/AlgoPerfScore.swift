/// The benchmark's score: from times of trials to performance profiles (Dolan, Moré: Benchmarking optimization software
/// with performance profiles, 2002) and their area.
public struct AlgoPerfScore: Sendable, Equatable {
  /// A submission's times, one for each workload; infinite where its target was not met.
  public struct Times: Sendable, Equatable {
    /// The submission.
    public var submission: String
    /// Seconds by workload.
    public var seconds: [Double]

    /// Times from their parts.
    public init(_ submission: String, _ seconds: [Double]) {
      self.submission = submission
      self.seconds = seconds
    }
  }

  /// A step of a profile: from this ratio on, up to the next step, this share.
  public struct Step: Sendable, Equatable {
    /// τ.
    public var ratio: Double
    /// ρ, the weighted share of workloads with a ratio of at most τ.
    public var share: Double
  }

  /// What came of a submission.
  public struct Row: Sendable, Equatable {
    /// The submission.
    public var submission: String
    /// Its times over the best of each workload; infinite beyond the limit.
    public var ratios: [Double]
    /// ρ as steps, right-continuous: before the first it is 0.
    public var profile: [Step]
    /// B, from 0 to 1.
    public var score: Double
    /// Its place, from 1 on; equals share one.
    public var rank: Int
  }

  /// The submissions, the best first.
  public let rows: [Row]

  /// The scores of submissions over the same workloads.
  ///
  /// Ratios are to the best of those present, so they change with who is. A workload that nobody solves gives everybody
  /// nothing.
  ///
  /// - Parameters:
  ///   - times: every submission's.
  ///   - limit: r_max, above 1.
  ///   - weights: of the workloads; all 1 by default.
  /// - Throws: ``DataError/mismatch(field:found:expected:)``, ``DataError/invalidOption(field:value:expected:)``.
  public init(_ times: [Times], limit: Double = 4, weights: [Double]? = nil) throws(DataError) {
    let count = times.first?.seconds.count ?? 0
    guard limit.isFinite, limit > 1 else {
      throw .invalidOption(field: "limit", value: "\(limit)", expected: "a finite number above 1")
    }
    let weights = weights ?? [Double](repeating: 1, count: count)
    let sum = weights.reduce(0, +)
    guard weights.count == count, weights.allSatisfy({ $0 >= 0 }), count == 0 || sum > 0, sum.isFinite else {
      throw .mismatch(field: "weights", found: "\(weights)", expected: "\(count) of 0 or more, not all 0")
    }
    for item in times {
      guard item.seconds.count == count, item.seconds.allSatisfy({ $0 > 0 }) else {
        throw .mismatch(field: item.submission, found: "\(item.seconds)", expected: "\(count) times above 0")
      }
    }
    let best = (0..<count).map { workload in times.map { $0.seconds[workload] }.min() ?? .infinity }
    var rows: [Row] = []
    for item in times {
      let ratios = zip(item.seconds, best).map { time, best in
        let ratio = best.isFinite ? time / best : .infinity
        return ratio <= limit ? ratio : .infinity
      }
      var profile: [Step] = []
      for ratio in Set(ratios.filter(\.isFinite)).sorted() {
        let share = zip(ratios, weights).reduce(0.0) { $0 + ($1.0 <= ratio ? $1.1 : 0) } / sum
        profile.append(Step(ratio: ratio, share: share))
      }
      // The area of constants: a workload solved at ratio r counts from there to the limit.
      let area = zip(ratios, weights).reduce(0.0) { $0 + ($1.0.isFinite ? $1.1 * (limit - $1.0) : 0) }
      let score = count == 0 ? 0 : area / (sum * (limit - 1))
      rows.append(Row(submission: item.submission, ratios: ratios, profile: profile, score: score, rank: 0))
    }
    for index in rows.indices { rows[index].rank = 1 + rows.count { $0.score > rows[index].score } }
    self.rows = rows.sorted { ($0.rank, $0.submission) < ($1.rank, $1.submission) }
  }
}

extension AlgoPerfScore.Row {
  /// ρ(τ).
  public func share(at ratio: Double) -> Double { profile.last { $0.ratio <= ratio }?.share ?? 0 }

  /// The area by trapezoids over so many points from 1 to the limit, as public code takes it; it differs from ``score``.
  public func trapezoidScore(points: Int = 100, limit: Double = 4) -> Double {
    let step = (limit - 1) / Double(max(2, points) - 1)
    let shares = (0..<max(2, points)).map { share(at: 1 + Double($0) * step) }
    let sum = zip(shares, shares.dropFirst()).reduce(0.0) { $0 + ($1.0 + $1.1) / 2 * step }
    return sum / (limit - 1)
  }
}

/// Agreement of two rankings.
public enum RankAgreement {
  /// Kendall's τ-b of two lists of scores of the same things: 1 for the same order, -1 for the opposite; nothing where one list
  /// has a single value only.
  public static func kendall(_ a: [Double], _ b: [Double]) -> Double? {
    var (same, tiesA, tiesB, pairs) = (0, 0, 0, 0)
    for i in 0..<min(a.count, b.count) {
      for j in 0..<i {
        pairs += 1
        let (x, y) = (a[i] < a[j] ? -1 : a[i] > a[j] ? 1 : 0, b[i] < b[j] ? -1 : b[i] > b[j] ? 1 : 0)
        same += x * y
        tiesA += x == 0 ? 1 : 0
        tiesB += y == 0 ? 1 : 0
      }
    }
    let scale = (Double(pairs - tiesA) * Double(pairs - tiesB)).squareRoot()
    return scale > 0 ? Double(same) / scale : nil
  }
}
