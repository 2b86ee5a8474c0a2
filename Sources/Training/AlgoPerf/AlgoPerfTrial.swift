import CVenturi
import Tensors

/// Runs one trial: the clock runs while the submission's code does, and stands while the harness evaluates.
public struct AlgoPerfTrial {
  /// What tells the time, in seconds.
  public var clock: () -> Double = { vt_monotonic_seconds() }
  /// Seconds of the submission's code from one evaluation to the next.
  public var evaluateEvery = 0.25
  /// The most bytes that a trial may take beyond model and data.
  public var memoryLimit = 2 << 30
  /// The most steps; nothing for as many as the time allows.
  public var steps: Int?
  /// Asked before each step; the trial ends with `CancellationError` when it says yes.
  public var isCancelled: () -> Bool = { false }

  /// The defaults above.
  public init() {}

  /// Runs a trial.
  ///
  /// - Parameters:
  ///   - submission: what is judged.
  ///   - workload: what it trains.
  ///   - variant: the change of it.
  ///   - target: when it is done; nothing for all of the steps.
  ///   - record: the trial's study, number, seed and hyper-parameters.
  ///   - context: where to compute.
  /// - Returns: the record, completed.
  /// - Throws: ``DataError`` for data that are not there; `CancellationError`. What the submission throws ends the trial.
  public func run(
    _ submission: any AlgoPerfSubmission, _ workload: AlgoPerfWorkload, variant: WorkloadVariant? = nil,
    target: WorkloadTarget?, _ record: TrialRecord, context: Context
  ) throws -> TrialRecord {
    var record = record
    record.variant = variant?.rawValue ?? ""
    let task = try workload.task(variant, seed: record.seed, context: context)
    let access = TrainingAccess(workload, task, seed: record.seed, context: context)
    let (before, most) = (context.allocator.liveBytes, target?.seconds ?? .infinity)
    var (elapsed, due, step) = (0.0, evaluateEvery, 0)
    func timed<Result>(_ body: () throws -> Result) throws -> Result {
      let start = clock()
      defer { elapsed += clock() - start }
      return try body()
    }
    var harnessError: (any Error)?
    /// Whether the target is met.
    func evaluate() throws -> Bool {
      let value: Double
      do { value = try task.evaluate(isTest: false) } catch {
        harnessError = error
        throw error
      }
      record.curve.append(TrialRecord.Point(step: step, seconds: elapsed, validation: value))
      if value.isFinite { record.best = record.best.map { workload.rises ? max($0, value) : min($0, value) } ?? value }
      guard let target, workload.meets(value, target.validation), elapsed <= target.seconds else { return false }
      record.seconds = max(elapsed, .leastNormalMagnitude)
      return true
    }
    context.allocator.resetPeak()
    do {
      let size = submission.batchSize(for: workload.name)
      if !(1...1 << 20).contains(size) { try access.report(.batch(size: size)) }
      let run = try timed { try submission.start(access, settings: record.settings) }
      while elapsed < most, steps.map({ step < $0 }) ?? true {
        if isCancelled() { throw CancellationError() }
        try timed {
          let batch = run.nextBatch(access, step: step)
          if batch.count > size { try access.report(.batch(size: batch.count)) }
          try run.update(access, batch: batch, step: step)
        }
        step += 1
        let bytes = context.allocator.peakLiveBytes - before
        if bytes > memoryLimit { try access.report(.memory(bytes: bytes, limit: memoryLimit)) }
        if access.violation != nil { break }
        if target != nil, elapsed >= due {
          due = elapsed + evaluateEvery
          if try evaluate() { break }
        }
      }
      if record.seconds == nil, access.violation == nil { _ = try evaluate() }
    } catch let error as CancellationError {
      throw error
    } catch {
      // A submission that fails has not met its target; what it may not do is told below. The harness must not fail.
      if let harnessError { throw harnessError }
    }
    record.steps = step
    if let violation = access.violation {
      record.disqualified = "\(violation)"
      record.seconds = nil
    } else {
      record.test = try task.evaluate(isTest: true)
    }
    return record
  }
}
