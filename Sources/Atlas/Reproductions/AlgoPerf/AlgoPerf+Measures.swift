import CVenturi
import Profiling
import Tensors
import Training

extension AlgoPerf {
  /// The sheet's figures: tuned against untuned AdamW, stable ranks, ranks that a variant changes, the estimate of a study.
  ///
  /// - Throws: what training throws; `CancellationError`.
  public func measures(_ conditions: RunConditions) throws -> [Measure] {
    let sizes = Sizes(quick: conditions.quick)
    let context = Context(threads: conditions.threads)
    var studies = AlgoPerfStudies(context: context)
    studies.report = conditions.report
    studies.trial.isCancelled = conditions.isCancelled
    let methods = conditions.quick ? [.adamw, .nesterov, .heavyBall] : BaselineSubmission.Method.allCases
    let submissions = methods.map { BaselineSubmission($0) }
    var (measures, records): ([Measure], [TrialRecord]) = ([], [])
    var errors: [Double] = []
    for workload in Self.workloads(sizes) {
      do { _ = try workload.task(seed: 0, context: context) } catch let error as CancellationError { throw error } catch
      {
        measures.append(Measure("\(workload.name): target", unit: workload.metric, ours: nil, absent: "\(error)"))
        continue
      }
      try conditions.next("\(workload.name): estimate")
      let estimate = try studies.estimatedTargetSeconds(
        workload, baselines: Self.baselines, points: sizes.targetPoints, seeds: sizes.targetSeeds, seed: 1)
      let start = vt_monotonic_seconds()
      let target = try studies.target(
        workload, baselines: Self.baselines, points: sizes.targetPoints, seeds: sizes.targetSeeds, seed: 1)
      let taken = vt_monotonic_seconds() - start
      errors.append(abs(estimate / taken - 1) * 100)
      measures.append(
        Measure(
          "\(workload.name): validation target, \(workload.metric); time allowed \(scientific(target.seconds)) s",
          unit: workload.metric, ours: Summary([target.validation])))
      // Two disjoint sets of seeds: the first is scored, the second tells whether ranks are stable.
      for half in [0, 1] {
        for submission in submissions {
          for study in 0..<sizes.studies {
            records += try studies.study(
              submission, workload, target: target, study: study + half * 100, points: sizes.points, seed: 7)
          }
        }
      }
      if let variant = workload.variants.last {
        for submission in submissions {
          for study in 0..<sizes.studies {
            records += try studies.study(
              submission, workload, variant: variant, target: target, study: study, points: sizes.points, seed: 7)
          }
        }
      }
    }
    measures += try Self.judged(records)
    if let summary = Summary(errors) {
      measures.append(
        Measure(
          "error of the estimate of how long targets take, over workloads", unit: "%", ours: summary,
          target: .atMost(20, .ours)))
    }
    return measures
  }

  private static func judged(_ records: [TrialRecord]) throws -> [Measure] {
    let plain = records.filter { $0.variant.isEmpty }
    let (first, second) = (plain.filter { $0.study < 100 }, plain.filter { $0.study >= 100 })
    var measures: [Measure] = []
    // Untuned: the first point of each study alone.
    let (tuned, untuned) = (StudyTimes(first), StudyTimes(first.filter { $0.trial == 0 }))
    let gains = tuned.workloads.compactMap { workload -> Double? in
      let cell = StudyTimes.Cell("adamw", workload)
      guard let ours = tuned.medians[cell], ours.isFinite, let theirs = untuned.medians[cell] else { return nil }
      return theirs / ours
    }
    let solved = gains.filter(\.isFinite).count
    measures.append(
      Measure(
        "tuned AdamW against the first point: median over \(gains.count) workloads that it solves "
          + "(the first point solves \(solved))", unit: "times", ours: Summary(gains), target: .atLeast(1.5, .ours)))
    func scores(_ records: [TrialRecord]) throws -> [String: Double] {
      let rows = try StudyTimes(records).score().rows
      return Dictionary(uniqueKeysWithValues: rows.map { ($0.submission, $0.score) })
    }
    let (a, b) = (try scores(first), try scores(second))
    let names = a.keys.sorted()
    let agreement = RankAgreement.kendall(names.map { a[$0] ?? 0 }, names.map { b[$0] ?? 0 })
    measures.append(
      Measure(
        "Kendall's τ of ranks between two disjoint sets of seeds, \(names.count) submissions", unit: "",
        ours: agreement.flatMap { Summary([$0]) }, target: .atLeast(0.7, .ours)))
    for row in try StudyTimes(first).score().rows {
      measures.append(Measure("score of \(row.submission), rank \(row.rank)", unit: "", ours: Summary([row.score])))
    }
    // A pair that a variant turns round: one faster on the workload, the other on its variant.
    let swaps = tuned.workloads.reduce(0) { count, workload in
      let changed = records.filter { $0.workload == workload && !$0.variant.isEmpty }
      let there = StudyTimes(
        changed.map { record in
          var record = record
          record.variant = ""
          return record
        })
      func time(_ times: StudyTimes, _ name: String) -> Double { times.medians[.init(name, workload)] ?? .infinity }
      var found = 0
      for (index, x) in names.enumerated() {
        for y in names[..<index]
        where time(tuned, x) < time(tuned, y) && time(there, x) > time(there, y)
          || time(tuned, x) > time(tuned, y) && time(there, x) < time(there, y)
        { found += 1 }
      }
      return count + found
    }
    measures.append(
      Measure(
        "pairs of submissions that swap ranks on a variant", unit: "pairs", ours: Summary([Double(swaps)]),
        target: .atLeast(1, .ours)))
    return measures
  }
}
