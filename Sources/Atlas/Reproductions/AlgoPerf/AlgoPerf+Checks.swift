import CVenturi
import Tensors
import Training

extension AlgoPerf {
  /// The sheet's oracle on made-up times, a real trial's clock, and who may see what.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    let all: [(String, (RunConditions) throws -> (passed: Bool, detail: String))] = [
      ("scores of made-up times equal an integration of the profile", Self.scores),
      ("a study's best trial, the median of studies, and failed variants", Self.medians),
      ("evaluation is not on the clock", Self.clock),
      ("held-out examples disqualify, with the reason", Self.heldOut),
      ("draws are in range and the same again", Self.draws),
    ]
    return try all.map { name, body in
      try conditions.next("check: \(name)")
      return try Check(name) { try body(conditions) }
    }
  }

  private static func scores(_ conditions: RunConditions) throws -> (passed: Bool, detail: String) {
    var random = Random(seed: 76)
    var worst = 0.0
    for _ in 0..<20 {
      let times = (0..<4).map { _ in
        (0..<6).map { _ in random.uniform() < 0.2 ? Double.infinity : 1 + 5 * random.uniform() }
      }
      let rows = try AlgoPerfScore(times.enumerated().map { .init("\($0)", $1) }).rows
      for row in rows {
        // ρ is constant between the ratios: there its area is taken.
        let breaks = ([1, 4] + row.ratios.filter(\.isFinite)).sorted()
        let area = zip(breaks, breaks.dropFirst()).reduce(0.0) { sum, part in
          let middle = (part.0 + part.1) / 2
          return sum + Double(row.ratios.count { $0 <= middle }) / 6 * (part.1 - part.0)
        }
        worst = max(worst, abs(row.score - area / 3))
      }
    }
    let ends = try AlgoPerfScore([.init("all", [1, 1]), .init("none", [.infinity, .infinity])]).rows.map(\.score)
    return (worst < 1e-12 && ends == [1, 0], "80 profiles, largest difference \(scientific(worst))")
  }

  private static func medians(_ conditions: RunConditions) throws -> (passed: Bool, detail: String) {
    func record(_ name: String, _ study: Int, _ seconds: Double?, _ variant: String = "") -> TrialRecord {
      var record = TrialRecord(submission: name, workload: "w", study: study, trial: 0, seed: 0, settings: [:])
      (record.seconds, record.variant) = (seconds, variant)
      return record
    }
    let records = [
      record("a", 0, 5), record("a", 0, 1), record("a", 1, 7), record("a", 2, 3), record("b", 0, 2),
      record("b", 0, nil, "width"), record("a", 0, 1, "width"),
    ]
    let times = StudyTimes(records)
    let (a, b) = (times.medians[.init("a", "w")], times.medians[.init("b", "w")])
    return (a == 3 && b == .infinity, "3 of the studies' 1, 7 and 3; infinite for the failed variant")
  }

  private static func clock(_ conditions: RunConditions) throws -> (passed: Bool, detail: String) {
    let sizes = Sizes(quick: true)
    guard let workload = workloads(sizes).first else { return (false, "no workload") }
    // The clock jumps by a second whenever it is read outside of the submission's code: it is read at its ends only.
    var (now, reads) = (0.0, 0)
    var trial = AlgoPerfTrial()
    trial.steps = 10
    trial.evaluateEvery = 0.002
    trial.clock = {
      now += reads.isMultiple(of: 2) ? 1 : 0.001
      reads += 1
      return now
    }
    let target = WorkloadTarget(validation: 2, test: 2, seconds: 100)
    let record = try trial.run(
      BaselineSubmission(.adamw), workload, target: target,
      TrialRecord(submission: "adamw", workload: workload.name, study: 0, trial: 0, seed: 0, settings: [:]),
      context: Context(threads: conditions.threads))
    let seconds = record.curve.last?.seconds ?? .nan
    return (abs(seconds - 0.011) < 1e-9, "\(seconds) s of 11 stretches of 1 ms, \(record.curve.count) evaluations")
  }

  private struct Peeking: AlgoPerfSubmission {
    let name = "peeking"
    let space: SearchSpace
    func batchSize(for workload: String) -> Int { 1 }
    func start(_ access: TrainingAccess, settings: [String: Double]) throws -> any AlgoPerfRun { Run() }

    final class Run: AlgoPerfRun {
      func nextBatch(_ access: TrainingAccess, step: Int) -> [Int] { [access.trainingCount] }
      func update(_ access: TrainingAccess, batch: [Int], step: Int) throws {
        _ = try? access.gradients(of: batch)
      }
    }
  }

  private static func heldOut(_ conditions: RunConditions) throws -> (passed: Bool, detail: String) {
    guard let workload = workloads(Sizes(quick: true)).first else { return (false, "no workload") }
    let record = try AlgoPerfTrial().run(
      Peeking(space: SearchSpace([])), workload, target: WorkloadTarget(validation: 0, test: 0, seconds: 1),
      TrialRecord(submission: "peeking", workload: workload.name, study: 0, trial: 0, seed: 0, settings: [:]),
      context: Context(threads: conditions.threads))
    return (record.disqualified != nil && record.time == .infinity, record.disqualified ?? "not noticed")
  }

  private static func draws(_ conditions: RunConditions) throws -> (passed: Bool, detail: String) {
    var count = 0
    for baseline in BaselineSubmission.Method.allCases.map({ BaselineSubmission($0) }) {
      let space = baseline.space
      let (first, again) = (
        try HaltonSequence(dimensions: space.dimensions.count, seed: 5),
        try HaltonSequence(dimensions: space.dimensions.count, seed: 5)
      )
      for index in 0..<50 {
        guard first[index] == again[index] else { return (false, baseline.name) }
        let values = space.values(at: first[index])
        for dimension in space.dimensions {
          let value = values[dimension.name] ?? .nan
          let isInside =
            switch dimension.range {
            case .linear(let low, let high), .logarithmic(let low, let high): (low...high).contains(value)
            case .choice(let choices): choices.contains(value)
            }
          if !isInside { return (false, "\(baseline.name): \(dimension.name) \(value)") }
          count += 1
        }
      }
    }
    return (true, "\(count) numbers")
  }
}
