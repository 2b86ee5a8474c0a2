import CVenturi
import Tensors

/// Steps of one test in turns, timed operator by operator and not, and what was seen.
struct StepMeasurement {
  /// A step whose operators were timed.
  private struct TimedStep {
    /// The whole step.
    var seconds: Double
    /// From its beginning to its first operator.
    var before: Double
    /// The operators' starts, from the first one's.
    var starts: [Double]
    /// The operators' seconds.
    var operators: [Double]
    /// What is in the step but neither in an operator nor before the first.
    var between: Double { seconds - before - operators.reduce(0, +) }
  }

  /// The fewest and the most pairs of steps.
  static let pairs = 5...200
  private static let warmUps = 2

  private let test: ModelTest
  /// The operators and their costs, from a step whose times do not count.
  private let reckoned: [OperatorRecord]
  private var plain: [Double] = []
  private var timed: [TimedStep] = []

  /// Takes at least five pairs of steps, and more for `seconds`.
  ///
  /// - Throws: what the model throws; ``ProfilingError/invalidSetting(field:problem:)`` when the steps did not run the same
  ///   operators.
  init(_ test: ModelTest, _ contestant: ModelContestant, _ context: Context, seconds: Double) throws {
    self.test = test
    let costs = OperatorRecorder()
    for _ in 0..<Self.warmUps {
      try contestant.prepare(test)
      costs.clear()
      _ = try context.recording(into: costs) { try contestant.run(test) }
    }
    reckoned = costs.records
    let recorder = OperatorRecorder(costs: false, capacity: max(1, reckoned.count))
    let end = vt_monotonic_seconds() + seconds
    while plain.count < Self.pairs.lowerBound
      || (plain.count < Self.pairs.upperBound && vt_monotonic_seconds() < end)
    {
      // Who goes first changes, so that neither always follows the other.
      for isTimed in plain.count.isMultiple(of: 2) ? [true, false] : [false, true] {
        try contestant.prepare(test)
        if isTimed {
          try takeTimed(contestant, context, recorder)
        } else {
          plain.append(try contestant.run(test))
        }
      }
    }
  }

  private mutating func takeTimed(
    _ contestant: ModelContestant, _ context: Context, _ recorder: OperatorRecorder
  ) throws {
    recorder.clear()
    let seconds = try context.recording(into: recorder) { try contestant.run(test) }
    let records = recorder.records
    guard let first = records.first, records.count == reckoned.count,
      zip(records, reckoned).allSatisfy({
        $0.operator.kind == $1.operator.kind && $0.operator.scope == $1.operator.scope
      })
    else { throw ProfilingError.invalidSetting(field: test.name, problem: "its steps did not run the same operators") }
    timed.append(
      TimedStep(
        seconds: seconds, before: first.start - recorder.start, starts: records.map { $0.start - first.start },
        operators: records.map(\.seconds)))
  }

  /// The timed steps between the quartiles. Their mean is robust, as a median is, and unlike medians of single operators
  /// the means of parts add up to the mean of the whole, also when other programs disturb now one part and now another.
  private var middle: ArraySlice<TimedStep> {
    let sorted = timed.sorted { $0.seconds < $1.seconds }
    return sorted[sorted.count / 4..<sorted.count - sorted.count / 4]
  }

  /// The means of the operators over the middle half of the steps, beside their limits; `steps`: how often the workload has
  /// such a step.
  func profile(steps: Int, limits: MachineLimits) -> PhaseProfile {
    let costs = reckoned.map { $0.cost ?? OperatorCost(bytesRead: 0, bytesWritten: 0) }
    let stepBytes = costs.reduce(0) { $0 + $1.residentBytes }
    let middle = middle
    func mean(_ value: (TimedStep) -> Double) -> Double {
      middle.reduce(0) { $0 + value($1) } / Double(max(1, middle.count))
    }
    let operators = reckoned.indices.map { index in
      let label = reckoned[index].operator
      return ProfiledOperator(
        kind: label.kind, scope: label.scope, seconds: mean { $0.operators[index] }, cost: costs[index],
        limits: limits.limits(costs[index], label.arithmetic, stepBytes: stepBytes))
    }
    let whole = timed.map(\.seconds)
    let typical = middle.dropFirst(middle.count / 2).first
    return PhaseProfile(
      test: test, steps: steps, step: Summary(plain) ?? Summary(of: 0), quartiles: quartiles(plain),
      timedStep: Summary(whole) ?? Summary(of: 0),
      overhead: RatioEstimate(ours: plain, theirs: whole), operators: operators,
      accounted: mean { $0.operators.reduce(0, +) / $0.seconds }, beforeSeconds: mean(\.before),
      betweenSeconds: mean(\.between),
      timeline: typical.map { Array(zip($0.starts, $0.operators)) } ?? [])
  }

  private func quartiles(_ values: [Double]) -> ClosedRange<Double> {
    let sorted = values.sorted()
    let low = RatioEstimate.quantile(0.25, ofSorted: sorted) ?? 0
    return low...max(low, RatioEstimate.quantile(0.75, ofSorted: sorted) ?? low)
  }
}
