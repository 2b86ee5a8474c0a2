/// How a training run lies on devices.
public struct ParallelLayout: Sendable, Hashable, Codable {
  /// Devices that share each layer's matrices, t.
  public var tensor: Int
  /// Stages of layers, p.
  public var pipeline: Int
  /// Copies that share the batch, d.
  public var data: Int
  /// Sequences that go through the pipeline together, b.
  public var microbatch: Int
  /// Chunks of layers on a device, v; more than one only where they are interleaved.
  public var chunks: Int
  /// The order of microbatches.
  public var schedule: PipelineSchedule
  /// What is computed again.
  public var recomputation: Recomputation
  /// What copies share.
  public var sharding: StateSharding
  /// Whether the devices of a tensor group also share the rows of norms and dropout (sequence parallelism).
  public var sharesNorms: Bool
  /// Whether each of a tensor group's devices sends its part of what goes to the next stage.
  public var scattersBoundary: Bool
  /// Whether gradients are summed over copies while the last backward pass goes on.
  public var overlapsGradients: Bool

  /// A layout.
  public init(
    tensor: Int, pipeline: Int, data: Int, microbatch: Int = 1, chunks: Int = 1, schedule: PipelineSchedule? = nil,
    recomputation: Recomputation = .layer, sharding: StateSharding = .none, sharesNorms: Bool = false,
    scattersBoundary: Bool = true, overlapsGradients: Bool = false
  ) {
    self.tensor = tensor
    self.pipeline = pipeline
    self.data = data
    self.microbatch = microbatch
    self.chunks = chunks
    self.schedule = schedule ?? (chunks > 1 ? .interleaved : .oneForwardOneBackward)
    self.recomputation = recomputation
    self.sharding = sharding
    self.sharesNorms = sharesNorms
    self.scattersBoundary = scattersBoundary
    self.overlapsGradients = overlapsGradients
  }
}

extension ParallelLayout: CustomStringConvertible {
  /// `t=8 p=64 d=6 b=1 v=1 1f1b, layer again`.
  public var description: String {
    var text = "t=\(tensor) p=\(pipeline) d=\(data) b=\(microbatch) v=\(chunks) \(schedule.rawValue)"
    if recomputation != .none { text += ", \(recomputation.rawValue) again" }
    if sharding != .none { text += ", ZeRO-\(sharding.rawValue)" }
    if sharesNorms { text += ", norms shared" }
    return text
  }
}
