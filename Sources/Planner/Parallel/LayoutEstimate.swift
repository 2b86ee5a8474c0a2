/// What a layout is predicted to take.
public struct LayoutEstimate: Sendable, Hashable {
  /// The layout.
  public var layout: ParallelLayout
  /// Microbatches of a step on each copy, m.
  public var microbatches: Int
  /// Seconds of the slowest device's operators.
  public var compute = 0.0
  /// Seconds of sums inside tensor groups.
  public var tensorTransfers = 0.0
  /// Seconds of what goes between stages.
  public var boundaryTransfers = 0.0
  /// Seconds that a device waits for others to begin or to end.
  public var bubble = 0.0
  /// Seconds of transfers between copies that nothing hides.
  public var dataTransfers = 0.0
  /// Seconds of the optimizer.
  public var optimizer = 0.0
  /// Bytes of weights, gradients and the optimizer's state on the fullest device.
  public var stateBytes = 0.0
  /// Bytes of activations on it.
  public var activationBytes = 0.0

  init(_ layout: ParallelLayout, microbatches: Int) {
    self.layout = layout
    self.microbatches = microbatches
  }

  /// Seconds of a step.
  public var seconds: Double { compute + tensorTransfers + boundaryTransfers + bubble + dataTransfers + optimizer }
  /// Bytes of the fullest device.
  public var bytes: Double { stateBytes + activationBytes }
  /// Waiting as a part of working in the pipeline.
  public var bubbleFraction: Double {
    PipelineSchedule.bubble(stages: layout.pipeline, chunks: layout.chunks, microbatches: microbatches)
  }
  /// Devices.
  public var devices: Int { layout.tensor * layout.pipeline * layout.data }

  /// 10¹² operations a second of each device, counted as papers do.
  public func teraflops(_ run: TrainingRun) -> Double {
    run.countedOperations(recomputed: layout.recomputation == .layer) / Double(devices) / seconds / 1e12
  }

  /// The same for the model's own operations: what is computed again does not count.
  public func modelTeraflops(_ run: TrainingRun) -> Double {
    run.countedOperations(recomputed: false) / Double(devices) / seconds / 1e12
  }
}
