import CVenturi
import Tensors

/// Steps of one test in turns, recorded and not, and what the recorder saw.
struct StepMeasurement {
  /// The fewest and the most pairs of steps.
  static let pairs = 5...200
  private static let warmUps = 2

  let test: ModelTest
  /// Seconds of the steps that nobody watched.
  private(set) var plain: [Double] = []
  /// Seconds of the recorded ones, in the same order.
  private(set) var recorded: [Double] = []
  /// The records of each recorded step.
  private(set) var records: [[OperatorRecord]] = []

  /// Takes at least five pairs of steps, and more for `seconds`.
  init(
    _ test: ModelTest, _ contestant: ModelContestant, _ context: Context, _ recorder: OperatorRecorder, seconds: Double
  ) throws {
    self.test = test
    for _ in 0..<Self.warmUps { try step(contestant, context, recorder, isRecorded: true) }
    (recorded, records) = ([], [])
    let end = vt_monotonic_seconds() + seconds
    while plain.count < Self.pairs.lowerBound
      || (plain.count < Self.pairs.upperBound && vt_monotonic_seconds() < end)
    {
      // Who goes first changes, so that neither always follows the other.
      let first = plain.count.isMultiple(of: 2)
      try step(contestant, context, recorder, isRecorded: first)
      try step(contestant, context, recorder, isRecorded: !first)
    }
  }

  private mutating func step(
    _ contestant: ModelContestant, _ context: Context, _ recorder: OperatorRecorder, isRecorded: Bool
  ) throws {
    try contestant.prepare(test)
    guard isRecorded else { return plain.append(try contestant.run(test)) }
    recorder.clear()
    recorded.append(try context.recording(into: recorder) { try contestant.run(test) })
    records.append(recorder.records)
  }

  /// The medians of the operators over the repeats, beside their limits.
  ///
  /// - Throws: ``ProfilingError/invalidSetting(field:problem:)`` when the repeats did not run the same operators.
  func profile(steps: Int, limits: MachineLimits) throws(ProfilingError) -> PhaseProfile {
    guard let step = Summary(plain), let recordedStep = Summary(recorded), let first = records.first else {
      throw .invalidSetting(field: test.name, problem: "no step was measured")
    }
    for other in records
    where other.count != first.count || !zip(other, first).allSatisfy({ $0.operator.kind == $1.operator.kind }) {
      throw .invalidSetting(field: test.name, problem: "its steps did not run the same operators")
    }
    let stepBytes = first.reduce(0) { $0 + $1.cost.residentBytes }
    let operators = first.enumerated().map { index, record in
      ProfiledOperator(
        kind: record.operator.kind, scope: record.operator.scope,
        seconds: Summary.median(ofSorted: records.map { $0[index].seconds }.sorted()), cost: record.cost,
        limits: limits.limits(record.cost, record.operator.arithmetic, stepBytes: stepBytes))
    }
    let between = zip(recorded, records).map { seconds, records in
      seconds - records.reduce(0) { $0 + $1.seconds }
    }
    let typical = recorded.indices.min {
      abs(recorded[$0] - recordedStep.median) < abs(recorded[$1] - recordedStep.median)
    }
    return PhaseProfile(
      test: test, steps: steps, step: step, recordedStep: recordedStep,
      overhead: RatioEstimate(ours: plain, theirs: recorded), operators: operators,
      betweenSeconds: Summary.median(ofSorted: between.sorted()),
      timeline: (typical.map { records[$0] } ?? first).map { ($0.start, $0.seconds) })
  }
}
