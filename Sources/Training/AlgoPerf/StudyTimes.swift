/// From the records of trials to one time for each submission and workload.
public struct StudyTimes: Sendable {
  /// A submission on a workload.
  public struct Cell: Hashable, Sendable {
    /// The submission.
    public var submission: String
    /// The workload.
    public var workload: String

    /// A cell of the table.
    public init(_ submission: String, _ workload: String) {
      self.submission = submission
      self.workload = workload
    }
  }

  /// The submissions, in the order of their names.
  public let submissions: [String]
  /// The workloads, in the order of their names.
  public let workloads: [String]
  /// The median over studies of each study's best trial.
  public let medians: [Cell: Double]
  /// Why cells are infinite that their trials alone would not make so.
  public let reasons: [Cell: String]

  /// The times of records.
  ///
  /// In a study the trial that meets the target fastest counts, or with `least` only if at least so many of its trials meet
  /// it; of the studies the median. A variant that a submission fails, or where it takes more than `limit` times the
  /// best's time, makes the workload that it is a change of infinite for it.
  ///
  /// - Parameters:
  ///   - records: of all trials.
  ///   - least: the trials of a study that must meet the target; 1 in the paper.
  ///   - limit: r_max.
  public init(_ records: [TrialRecord], least: Int = 1, limit: Double = 4) {
    submissions = Set(records.map(\.submission)).sorted()
    workloads = Set(records.map(\.workload)).sorted()
    var (medians, reasons): ([Cell: Double], [Cell: String]) = ([:], [:])
    let groups = Dictionary(grouping: records) { [$0.submission, $0.workload, $0.variant] }
    func time(_ submission: String, _ workload: String, _ variant: String) -> Double? {
      groups[[submission, workload, variant]].map { Self.median($0, least: least) }
    }
    for workload in workloads {
      let variants = Set(records.filter { $0.workload == workload && !$0.variant.isEmpty }.map(\.variant)).sorted()
      for submission in submissions {
        let cell = Cell(submission, workload)
        medians[cell] = time(submission, workload, "") ?? .infinity
        if let text = groups[[submission, workload, ""]]?.compactMap(\.disqualified).first, medians[cell] == .infinity {
          reasons[cell] = text
        }
      }
      for variant in variants {
        let times = submissions.map { time($0, workload, variant) ?? .infinity }
        let best = times.min() ?? .infinity
        for (submission, time) in zip(submissions, times) where best.isFinite && !(time <= limit * best) {
          let cell = Cell(submission, workload)
          medians[cell] = .infinity
          reasons[cell] = time.isFinite ? "too slow on the variant \(variant)" : "fails the variant \(variant)"
        }
      }
    }
    (self.medians, self.reasons) = (medians, reasons)
  }

  /// The median over studies of the best trial of each.
  static func median(_ records: [TrialRecord], least: Int) -> Double {
    let bests = Dictionary(grouping: records, by: \.study).values.map { trials -> Double in
      let met = trials.map(\.time).filter(\.isFinite)
      return met.count >= least ? met.min() ?? .infinity : .infinity
    }.sorted()
    guard !bests.isEmpty else { return .infinity }
    let middle = bests.count / 2
    // Of an even number the slower one: the mean with infinity would be infinite too, and so the rule is one.
    return bests.count.isMultiple(of: 2) && bests[middle].isFinite
      ? (bests[middle - 1] + bests[middle]) / 2 : bests[middle]
  }

  /// The scores.
  ///
  /// - Throws: ``DataError``.
  public func score(limit: Double = 4, weights: [Double]? = nil) throws(DataError) -> AlgoPerfScore {
    try AlgoPerfScore(
      submissions.map { submission in
        AlgoPerfScore.Times(submission, workloads.map { medians[Cell(submission, $0)] ?? .infinity })
      }, limit: limit, weights: weights)
  }
}
