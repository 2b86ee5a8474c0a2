import Formats

/// What a run tells while it is under way.
public enum TrainingEvent: Sendable {
  /// What a step was like.
  public struct Step: Sendable, Hashable {
    /// Its number, from 1 on.
    public var step: Int
    /// The number of the run's last step.
    public var steps: Int
    /// The passes over the data that are complete.
    public var epoch: Int
    /// The loss at the weights before it.
    public var loss: Double
    /// The rate it was taken at.
    public var rate: Double
    /// The norm of the gradients before they were clipped.
    public var gradientNorm: Double
    /// Elements of the data that are learned from in a second, over the last steps.
    public var samplesPerSecond: Double
    /// Targets that are learned from in a second, over the last steps.
    public var targetsPerSecond: Double
    /// The seconds that are left at this speed, evaluations not counted.
    public var secondsLeft: Double
    /// The most memory of the process so far, in bytes.
    public var peakBytes: Int
  }

  /// What the run needs, found before any of it is taken.
  case need(TrainingNeed)
  /// A step was taken.
  case step(Step)
  /// What was measured on held-out batches after a step.
  case evaluation(step: Int, metrics: [String: Double])
  /// A checkpoint is on the disk.
  case checkpoint(step: Int, path: String)
  /// The run goes on after this step.
  case resumed(step: Int)
  /// Something went wrong that does not end the run.
  case warning(String)
}

/// How a run ended.
public struct TrainingOutcome: Sendable, Equatable {
  /// Why.
  public enum Reason: String, Sendable, Hashable {
    /// All steps were taken.
    case finished
    /// What is watched became no better.
    case stoppedEarly
    /// It was asked to.
    case cancelled
  }

  /// Why.
  public var reason: Reason
  /// The steps that were taken, those before a resumption included.
  public var steps: Int
  /// The seconds of this process's part of the run.
  public var seconds: Double
  /// Elements of the data that were learned from in a second of training, evaluations and checkpoints not counted.
  public var samplesPerSecond: Double
  /// Targets, the same way.
  public var targetsPerSecond: Double
  /// The loss of the last step.
  public var trainLoss: Double?
  /// What the last evaluation found.
  public var validation: [String: Double]
  /// The most memory of the process, in bytes.
  public var peakBytes: Int
  /// The memory that was said to be needed before the first step, in bytes; nothing where nobody asked.
  public var neededBytes: Int?
  /// The folder of the last checkpoint.
  public var checkpoint: String?
  /// What the way of training tells of itself: ``TrainableModel/figures(ofRun:)``.
  public var figures: JSON = .object([])
}
