import CVenturi
import Tensors

/// The benchmark's procedures: targets by the rule, studies with drawn hyper-parameters, and how long they take.
public struct AlgoPerfStudies {
  /// Where to compute.
  public let context: Context
  /// How a trial is run.
  public var trial = AlgoPerfTrial()
  /// Told what comes next.
  public var report: (String) -> Void = { _ in }
  /// Takes each record as soon as it is there.
  public var log: (TrialRecord) throws -> Void = { _ in }

  /// Procedures on a context.
  public init(context: Context) { self.context = context }

  /// A study of external tuning: so many points of the submission's space, drawn by the harness.
  ///
  /// The points depend on the seed and the study alone, and are the same for every submission with the same space.
  ///
  /// - Parameters:
  ///   - submission: what is judged.
  ///   - workload: what it trains.
  ///   - variant: the change of it.
  ///   - target: when it is done.
  ///   - study: the study's number.
  ///   - points: its trials.
  ///   - seed: what all draws depend on.
  /// - Throws: ``DataError``; `CancellationError`; what the log throws.
  public func study(
    _ submission: any AlgoPerfSubmission, _ workload: AlgoPerfWorkload, variant: WorkloadVariant? = nil,
    target: WorkloadTarget, study: Int, points: Int, seed: UInt64
  ) throws -> [TrialRecord] {
    let draws = try HaltonSequence(
      dimensions: submission.space.dimensions.count, seed: seed &+ 1000 &* UInt64(study))
    return try (0..<points).map { number in
      let name = workload.name + (variant.map { ", \($0.rawValue)" } ?? "")
      report("\(name): \(submission.name), study \(study + 1), trial \(number + 1) of \(points)")
      let record = try trial.run(
        submission, workload, variant: variant, target: target,
        TrialRecord(
          submission: submission.name, workload: workload.name, study: study, trial: number,
          seed: seed &+ UInt64(study * 4096 + number), settings: submission.space.values(at: draws[number])),
        context: context)
      try log(record)
      return record
    }
  }

  /// A study of self-tuning: one trial without drawn points, the clock running on while it tunes, three times as long.
  ///
  /// - Throws: ``DataError``; `CancellationError`; what the log throws.
  public func selfTuning(
    _ submission: any AlgoPerfSubmission, _ workload: AlgoPerfWorkload, target: WorkloadTarget, study: Int, seed: UInt64
  ) throws -> TrialRecord {
    var longer = target
    longer.seconds *= 3
    var record = TrialRecord(
      submission: submission.name, workload: workload.name, study: study, trial: 0, seed: seed &+ UInt64(study),
      settings: [:])
    record.isSelfTuning = true
    record = try trial.run(submission, workload, target: longer, record, context: context)
    try log(record)
    return record
  }

  /// The targets of a workload by the rule: each baseline is searched with so many points at the workload's steps, the best
  /// of all is run again with so many seeds, and the medians of what those end with are the targets; the time is
  /// `factor` times the median of theirs.
  ///
  /// - Throws: ``DataError``; `CancellationError`; what the log throws.
  public func target(
    _ workload: AlgoPerfWorkload, baselines: [any AlgoPerfSubmission], points: Int, seeds: Int, factor: Double = 1.5,
    seed: UInt64
  ) throws -> WorkloadTarget {
    var runner = trial
    runner.steps = workload.stepHint
    func end(_ record: TrialRecord) -> Double? { record.curve.last?.validation }
    var best: (value: Double, submission: any AlgoPerfSubmission, settings: [String: Double])?
    for baseline in baselines {
      let draws = try HaltonSequence(dimensions: baseline.space.dimensions.count, seed: seed)
      for number in 0..<points {
        report("\(workload.name): target, \(baseline.name), point \(number + 1) of \(points)")
        let record = try runner.run(
          baseline, workload, target: nil,
          TrialRecord(
            submission: baseline.name, workload: workload.name, study: 0, trial: number, seed: seed,
            settings: baseline.space.values(at: draws[number])), context: context)
        try log(record)
        guard record.disqualified == nil, record.steps == workload.stepHint, let value = end(record), value.isFinite
        else {
          continue
        }
        if best.map({ workload.rises ? value > $0.value : value < $0.value }) ?? true {
          best = (value, baseline, record.settings)
        }
      }
    }
    guard let best else {
      throw DataError.mismatch(field: workload.name, found: "no run that ends well", expected: "one at least")
    }
    var (validations, tests, seconds): ([Double], [Double], [Double]) = ([], [], [])
    for number in 0..<seeds {
      report("\(workload.name): target, \(best.submission.name), seed \(number + 1) of \(seeds)")
      let record = try runner.run(
        best.submission, workload, target: nil,
        TrialRecord(
          submission: best.submission.name, workload: workload.name, study: 1, trial: number,
          seed: seed &+ 1 &+ UInt64(number), settings: best.settings), context: context)
      try log(record)
      validations.append(end(record) ?? .nan)
      tests.append(record.test ?? .nan)
      seconds.append(record.curve.last?.seconds ?? .nan)
    }
    return WorkloadTarget(
      validation: Self.median(validations), test: Self.median(tests), seconds: factor * Self.median(seconds))
  }

  /// Seconds that setting a target takes, from the time of some steps of each baseline: an estimate before it is begun.
  ///
  /// - Throws: ``DataError``; `CancellationError`.
  public func estimatedTargetSeconds(
    _ workload: AlgoPerfWorkload, baselines: [any AlgoPerfSubmission], points: Int, seeds: Int, steps: Int = 20,
    seed: UInt64
  ) throws -> Double {
    func wall(_ baseline: any AlgoPerfSubmission, _ steps: Int) throws -> Double {
      var runner = trial
      runner.steps = steps
      let settings = baseline.space.values(at: [Double](repeating: 0.3, count: baseline.space.dimensions.count))
      let start = trial.clock()
      _ = try runner.run(
        baseline, workload, target: nil,
        TrialRecord(
          submission: baseline.name, workload: workload.name, study: 0, trial: 0, seed: seed, settings: settings),
        context: context)
      return trial.clock() - start
    }
    var each: [Double] = []
    for baseline in baselines {
      // Two lengths: what a trial takes whatever its steps, and what a step takes.
      _ = try wall(baseline, 2)
      let (short, long) = (try wall(baseline, steps), try wall(baseline, 3 * steps))
      let step = max(0, long - short) / Double(2 * steps)
      each.append(max(0, short - Double(steps) * step) + Double(workload.stepHint) * step)
    }
    let mean = each.reduce(0, +) / Double(max(1, each.count))
    return Double(points) * each.reduce(0, +) + Double(seeds) * mean
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty, !values.contains(where: \.isNaN) else { return .nan }
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
