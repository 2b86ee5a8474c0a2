import CVenturi
import NumericTypes
import Tensors

/// The memory that a run takes at most, found by going through its first steps without computing them: the same program
/// takes the same tensors in the same order, of memory that is not there.
///
/// ```swift
/// let need = try TrainingNeed(threads: 2) {
///   try ImageBatch(rehearsing: 128, of: [1, 28, 28], $0)
/// } model: {
///   try MLPClassifier(sizes, seed: 1, context: $0)
/// } upkeep: { model, context in
///   try TrainingNeed.Upkeep(optimizer: GroupOptimizer(model.parameters, rule: AdamW(), context: context))
/// }
/// try need.check()
/// ```
/// A program's own memory, the data that are held and free blocks kept for later come on top.
public struct TrainingNeed: Sendable, Hashable {
  /// What changes a model's weights.
  public struct Upkeep {
    /// Changes them after each step.
    public let optimizer: any Optimizer
    /// A mean of the weights.
    public let average: WeightAverage?

    /// An optimizer and, where there is one, the mean of the weights.
    public init(optimizer: any Optimizer, average: WeightAverage? = nil) {
      self.optimizer = optimizer
      self.average = average
    }
  }

  /// How a run goes through its batches, as far as memory depends on it.
  public struct Pace: Sendable, Hashable {
    /// The batches of a step.
    public var accumulate = 1
    /// Whether gradients are clipped.
    public var clips = false
    /// Batches that are made before they are asked for.
    public var ahead = 0
    /// Whether held-out batches are evaluated.
    public var evaluates = false
    /// Whether it goes on from a checkpoint.
    public var resumes = false

    /// Steps of one batch each.
    public init() {}
  }

  /// Bytes of the model's weights and buffers, frozen ones too.
  public let weights: Int
  /// Bytes that the optimizer and a mean of the weights keep.
  public let state: Int
  /// Bytes of the batches that wait.
  public let batches: Int
  /// Bytes of the largest step, or evaluation, beyond those: activations, gradients and scratch.
  public let step: Int

  /// All of it in bytes; the largest number where it does not fit one.
  public var total: Int {
    [state, batches, step].reduce(weights) { sum, part in
      let (all, overflow) = sum.addingReportingOverflow(part)
      return overflow ? .max : all
    }
  }

  /// A need from its parts.
  public init(weights: Int, state: Int, batches: Int, step: Int) {
    (self.weights, self.state, self.batches, self.step) = (weights, state, batches, step)
  }

  /// What a run on `threads` threads needs.
  ///
  /// - Parameters:
  ///   - threads: the threads that compute; scratch is for each of them.
  ///   - pace: how the run goes through its batches.
  ///   - batch: makes a batch of the run's size, without filling in what is large.
  ///   - model: makes what is trained in the context it is given, which computes nothing.
  ///   - upkeep: makes what changes its weights.
  /// - Throws: what making the model, the optimizer and the batch throws, and what the model does.
  public init<Model: TrainableModel>(
    threads: Int? = nil, pace: Pace = Pace(), batch: (Context) throws -> Model.Batch,
    model make: (Context) throws -> Model, upkeep: (Model, Context) throws -> Upkeep
  ) throws {
    let context = Context.rehearsal(threads: threads)
    let allocator = context.allocator
    let model = try make(context)
    weights = allocator.liveBytes
    let upkeep = try upkeep(model, context)
    let resting = allocator.liveBytes
    state = resting - weights
    let one = try batch(context)
    let present = allocator.liveBytes
    batches = (present - resting) * (pace.accumulate + pace.ahead)
    var step = try TrainingStep(model, upkeep.optimizer, context: context)
    step.clip = pace.clips ? 1 : nil
    // The second step has what the first one left behind; a third batch of a step takes no more than a second.
    for _ in 0..<2 {
      _ = try step([Model.Batch](repeating: one, count: min(2, pace.accumulate)), rate: 0)
      upkeep.average?.update()
    }
    if pace.evaluates {
      let buffers = model.buffers.map(\.value)
      func evaluate() throws {
        let weights = model.parameters.map(\.value)
        _ = try model.measure(
          one, Pass(.evaluation, weights: weights, buffers: buffers, context: context))
      }
      if let average = upkeep.average {
        try average.withAverages(evaluate)
      } else {
        try upkeep.optimizer.withEvaluationWeights(evaluate)
      }
    }
    // A saved state is there as a whole while it is taken over.
    self.step = max(allocator.peakLiveBytes - present, pace.resumes ? weights + state : 0)
  }

  /// Refuses what does not fit into `limit` bytes, or into the memory that the system has available.
  ///
  /// - Throws: ``TrainingError/doesNotFit(neededBytes:availableBytes:)``.
  public func check(limit: Int? = nil) throws(TrainingError) { try Self.check(total, limit: limit) }

  /// Refuses a run that needs `bytes` at least, where that can be said at once.
  ///
  /// - Throws: ``TrainingError/doesNotFit(neededBytes:availableBytes:)``.
  public static func check(atLeast bytes: Double, limit: Int? = nil) throws(TrainingError) {
    try check(bytes < Double(Int.max) ? Int(bytes) : .max, limit: limit)
  }

  private static func check(_ bytes: Int, limit: Int?) throws(TrainingError) {
    let available = limit ?? Int(clamping: vt_available_memory())
    if bytes > available { throw .doesNotFit(neededBytes: bytes, availableBytes: available) }
  }
}
