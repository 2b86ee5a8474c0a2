import CVenturi
import Formats
import Tensors

/// Trains a model in a folder: steps, evaluations, checkpoints and a log of metrics, to be interrupted and resumed at any point.
///
/// A resumed run takes the same steps as one that was never interrupted, to the last bit, for any number of threads. Who wants
/// another loop writes it: a ``TrainingStep``, a ``CheckpointStore`` and a ``DataLoader`` are all that this one is made of.
///
/// ```swift
/// let trainer = try Trainer(
///   model, optimizer, schedule: schedule, options: TrainerOptions(steps: 1000), context: context
/// ) { try DataLoader(source, options: loading, from: $0) { try ImageBatch($0, allocator: context.allocator) } }
/// let outcome = try trainer.run(in: "runs/mlp", resuming: true) { print($0) }
/// ```
public final class Trainer<Model: TrainableModel> {
  /// Makes a source of held-out batches, of which one epoch is taken.
  public typealias Validation = () throws -> any BatchSource<Model.Batch>

  private let model: Model
  private let optimizer: any Optimizer
  private let schedule: any Schedule
  private let average: WeightAverage?
  private let options: TrainerOptions
  private let context: Context
  private let data: (DataLoaderState?) throws -> any BatchSource<Model.Batch>
  private let validation: Validation?
  private var step: TrainingStep<Model>
  private var progress = TrainingCheckpoint.Progress()
  private var pace = TrainingPace()

  /// A run.
  ///
  /// - Parameters:
  ///   - model: what is trained.
  ///   - optimizer: what changes its weights.
  ///   - schedule: the rate of each step.
  ///   - average: a mean of the weights, which is evaluated in their place.
  ///   - options: how long, and what on the way.
  ///   - context: where to compute.
  ///   - validation: makes the source of held-out batches for an evaluation; none for a run without.
  ///   - data: the batches from a position on, or from the beginning.
  /// - Throws: ``TrainingError/invalidOption(field:value:expected:)``.
  public init(
    _ model: Model, _ optimizer: any Optimizer, schedule: any Schedule, average: WeightAverage? = nil,
    options: TrainerOptions, context: Context, validation: Validation? = nil,
    data: @escaping (DataLoaderState?) throws -> any BatchSource<Model.Batch>
  ) throws(TrainingError) {
    try options.prove()
    self.model = model
    self.optimizer = optimizer
    self.schedule = schedule
    self.average = average
    self.options = options
    self.context = context
    self.validation = validation
    self.data = data
    step = try TrainingStep(model, optimizer, context: context)
    step.clip = options.clip
    step.seed = options.seed
  }

  /// Takes the steps that are left, and ends with a checkpoint.
  ///
  /// - Parameters:
  ///   - folder: where checkpoints and `metrics.jsonl` are; made where it is not there.
  ///   - resuming: whether to go on from the newest whole checkpoint in it, if there is any; else it must have none.
  ///   - tell: takes what happens.
  ///   - isCancelled: asked before each step; the run ends with a checkpoint when it says yes.
  /// - Throws: ``TrainingError``, ``CheckpointError``; what the model, the data or the optimizer throw. The last checkpoint
  ///   is as it was then.
  public func run(
    in folder: String, resuming: Bool = false, tell: (TrainingEvent) -> Void = { _ in },
    isCancelled: () -> Bool = { false }
  ) throws -> TrainingOutcome {
    let store = try CheckpointStore(writing: folder)
    let saved = try resuming ? store.latest { tell(.warning("\($0); an earlier checkpoint is taken")) } : nil
    if !resuming, !store.steps.isEmpty { throw TrainingError.notEmpty(path: folder) }
    if let saved {
      try restore(saved)
      tell(.resumed(step: saved.step))
    }
    let log = try MetricsLog(path: "\(folder)/metrics.jsonl", continuedAfter: optimizer.stepCount)
    let source = try data(saved?.loader)
    var savedStep = saved?.step
    func save() throws {
      try log.flush()
      let path = try store.save(checkpoint(source), keeping: options.keep) { tell(.warning("\($0)")) }
      savedStep = optimizer.stepCount
      tell(.checkpoint(step: optimizer.stepCount, path: path))
    }
    pace.begin()
    var reason = TrainingOutcome.Reason.finished
    while true {
      let number = optimizer.stepCount
      if isDue(options.evaluateEvery, number), progress.evaluatedStep != number, let validation {
        let isWhole = try evaluate(validation, number, log, isCancelled, tell)
        if !isWhole { reason = .cancelled }
      }
      if reason != .cancelled {
        if let watch = options.watch, progress.evaluationsSinceBest >= watch.patience {
          reason = .stoppedEarly
        } else if number < options.steps, isCancelled() {
          reason = .cancelled
        }
      }
      let isLast = reason != .finished || number >= options.steps
      if isLast || options.checkpointEvery.map({ number > 0 && number % $0 == 0 }) ?? false, savedStep != number {
        try save()
      }
      if isLast { break }
      try takeStep(source, log, tell)
    }
    return TrainingOutcome(
      reason: reason, steps: optimizer.stepCount, seconds: pace.elapsed, samplesPerSecond: pace.samplesPerSecond,
      targetsPerSecond: pace.targetsPerSecond, trainLoss: progress.loss, validation: progress.validation,
      peakBytes: Self.peakBytes, checkpoint: savedStep.map(store.folder),
      figures: .object(model.figures(ofRun: true)))
  }

  /// Whether what happens every so many steps, and at the end, is due.
  private func isDue(_ interval: Int?, _ number: Int) -> Bool {
    number > 0 && (number >= options.steps || interval.map { number % $0 == 0 } ?? false)
  }

  private static var peakBytes: Int { Int(clamping: vt_memory_usage_now().peak_resident) }

  // MARK: Steps

  private func takeStep(
    _ source: any BatchSource<Model.Batch>, _ log: MetricsLog, _ tell: (TrainingEvent) -> Void
  ) throws {
    let start = vt_monotonic_seconds()
    let before = source.state
    let batches = try (0..<options.accumulate).map { _ in try Self.next(source) }
    let rate = schedule.rate(at: optimizer.stepCount)
    let result = try step(batches, rate: rate)
    average?.update()
    let samples = Self.samples(from: before, to: source.state)
    progress.batches = step.batches
    progress.samples += samples
    progress.targets += result.targets
    progress.loss = result.loss
    pace.add(seconds: vt_monotonic_seconds() - start, samples: samples, targets: result.targets)
    let number = optimizer.stepCount
    let report = TrainingEvent.Step(
      step: number, steps: options.steps, epoch: source.state.epoch, loss: result.loss, rate: rate,
      gradientNorm: result.gradientNorm, samplesPerSecond: pace.recentSamplesPerSecond,
      targetsPerSecond: pace.recentTargetsPerSecond,
      secondsLeft: Double(options.steps - number) * pace.recentSecondsPerStep, peakBytes: Self.peakBytes)
    if number % options.logEvery == 0 || number == options.steps {
      try log.append(.object((line(report).members ?? []) + model.figures(ofRun: false)))
    }
    tell(.step(report))
  }

  /// The next batch, of the next epoch where one has ended.
  private static func next(_ source: any BatchSource<Model.Batch>) throws -> Model.Batch {
    for _ in 0..<2 { if let batch = try source.next() { return batch } }
    throw TrainingError.noBatches
  }

  /// The elements between two positions.
  private static func samples(from start: DataLoaderState, to end: DataLoaderState) -> Int {
    let (epochs, overflow) = (end.epoch - start.epoch).multipliedReportingOverflow(by: end.count)
    return overflow ? 0 : epochs + end.position - start.position
  }

  private func line(_ report: TrainingEvent.Step) -> JSON {
    [
      "step": .integer(report.step), "loss": .number(report.loss), "rate": .number(report.rate),
      "gradientNorm": .number(report.gradientNorm), "epoch": .integer(report.epoch),
      "samples": .integer(progress.samples), "targets": .integer(progress.targets),
      "samplesPerSecond": .rounded(report.samplesPerSecond), "targetsPerSecond": .rounded(report.targetsPerSecond),
      "peakBytes": .integer(report.peakBytes),
    ]
  }

  // MARK: Evaluation

  /// Evaluates, unless it is cancelled on the way; whether it was not.
  private func evaluate(
    _ validation: Validation, _ number: Int, _ log: MetricsLog, _ isCancelled: () -> Bool,
    _ tell: (TrainingEvent) -> Void
  ) throws -> Bool {
    let metrics: [String: Double]
    do {
      metrics = try withEvaluationWeights {
        try model.evaluate(over: validation(), context: context, isCancelled: isCancelled)
      }
    } catch is CancellationError { return false }
    progress.evaluatedStep = number
    progress.validation = metrics
    if let watch = options.watch {
      guard let value = metrics[watch.metric] else {
        throw TrainingError.invalidOption(
          field: "watch.metric", value: watch.metric,
          expected: "one of \(metrics.keys.sorted().joined(separator: ", "))")
      }
      // A value that is not a number is never better.
      let isBetter = progress.best.map { watch.rises ? value > $0 : value < $0 } ?? !value.isNaN
      if isBetter { (progress.best, progress.bestStep, progress.evaluationsSinceBest) = (value, number, 0) }
      if !isBetter { progress.evaluationsSinceBest += 1 }
    }
    let values = metrics.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .number($0.value)) }
    try log.append(["step": .integer(number), "validation": .object(values)])
    tell(.evaluation(step: number, metrics: metrics))
    return true
  }

  /// Runs `body` with the average of the weights, where there is one, else with those that the optimizer is evaluated with.
  private func withEvaluationWeights<Value>(_ body: () throws -> Value) rethrows -> Value {
    if let average { return try average.withAverages(body) }
    return try optimizer.withEvaluationWeights(body)
  }

  // MARK: Checkpoints

  private func checkpoint(_ source: any BatchSource<Model.Batch>) -> TrainingCheckpoint {
    func named(_ parameters: [Parameter]) -> [String: Tensor] {
      Dictionary(parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
    var checkpoint = TrainingCheckpoint(
      step: optimizer.stepCount,
      tensors: [
        .parameters: named(model.parameters), .buffers: named(model.buffers), .optimizer: optimizer.state,
        .average: average?.state ?? [:],
      ])
    checkpoint.progress = progress
    checkpoint.loader = source.state
    checkpoint.seed = options.seed
    checkpoint.configuration = options.configuration
    return checkpoint
  }

  private func restore(_ saved: TrainingCheckpoint) throws {
    if let (field, found, expected) = saved.configuration.difference(from: options.configuration) {
      throw TrainingError.otherRun(field: field, found: found, expected: expected)
    }
    guard saved.seed == options.seed else {
      throw TrainingError.otherRun(field: "seed", found: "\(saved.seed)", expected: "\(options.seed)")
    }
    let pairs =
      try Self.pairs(saved.tensors[.parameters] ?? [:], model.parameters)
      + Self.pairs(saved.tensors[.buffers] ?? [:], model.buffers)
    let means = saved.tensors[.average] ?? [:]
    guard means.isEmpty == (average == nil) else {
      func text(_ isThere: Bool) -> String { isThere ? "there" : "missing" }
      throw TrainingError.otherRun(
        field: "average of the weights", found: text(!means.isEmpty), expected: text(average != nil))
    }
    try optimizer.load(saved.tensors[.optimizer] ?? [:])
    guard optimizer.stepCount == saved.step else {
      throw TrainingError.otherRun(field: "step", found: "\(saved.step)", expected: "\(optimizer.stepCount)")
    }
    try average?.load(means)
    for (value, parameter) in pairs { context.copy(value, over: parameter.value) }
    progress = saved.progress
    step.batches = saved.progress.batches
  }

  /// Saved tensors beside those that they are of.
  private static func pairs(
    _ saved: [String: Tensor], _ parameters: [Parameter]
  ) throws(TrainingError) -> [(Tensor, Parameter)] {
    var pairs: [(Tensor, Parameter)] = []
    for parameter in parameters {
      func text(_ tensor: Tensor?) -> String { tensor.map { "\($0.dtype.displayName) \($0.shape)" } ?? "missing" }
      let value = saved[parameter.name]
      guard let value, value.shape == parameter.value.shape, value.dtype == parameter.value.dtype else {
        throw .otherRun(field: parameter.name, found: text(value), expected: text(parameter.value))
      }
      pairs.append((value, parameter))
    }
    let known = Set(parameters.map(\.name))
    if let unknown = saved.keys.filter({ !known.contains($0) }).min() {
      throw .otherRun(field: unknown, found: "there", expected: "missing")
    }
    return pairs
  }
}

extension JSON {
  /// The first field in which this value differs from another, and both values there.
  func difference(from other: JSON, _ path: String = "") -> (field: String, found: String, expected: String)? {
    if self == other { return nil }
    guard let mine = members, let theirs = other.members else { return (path, line, other.line) }
    for key in mine.map(\.key) + theirs.map(\.key) {
      let (a, b) = (self[key] ?? .null, other[key] ?? .null)
      if let found = a.difference(from: b, path.isEmpty ? key : "\(path).\(key)") { return found }
    }
    return nil
  }
}
