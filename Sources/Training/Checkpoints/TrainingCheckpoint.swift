import Formats
import Tensors

/// All that a run needs to go on as if it had never been interrupted.
public struct TrainingCheckpoint: Sendable {
  /// Which tensors a file holds.
  public enum Part: String, Sendable, Hashable, CaseIterable {
    /// The weights.
    case parameters
    /// What the model keeps beside them.
    case buffers
    /// What the optimizer keeps.
    case optimizer
    /// The average of the weights.
    case average
  }

  /// How far training is, beside its tensors.
  public struct Progress: Sendable, Hashable {
    /// The batches that were learned from: the position of everything that is random in layers.
    public var batches = 0
    /// The elements of the data that were taken.
    public var samples = 0
    /// What the losses were means over.
    public var targets = 0
    /// The loss of the last step.
    public var loss: Double?
    /// The step of the last evaluation.
    public var evaluatedStep = 0
    /// What it found.
    public var validation: [String: Double] = [:]
    /// The best value of what is watched.
    public var best: Double?
    /// The step of the best value.
    public var bestStep = 0
    /// The evaluations since the best one.
    public var evaluationsSinceBest = 0

    /// The beginning.
    public init() {}
  }

  /// The steps that were taken.
  public var step: Int
  /// The tensors by part and name.
  public var tensors: [Part: [String: Tensor]]
  /// How far training is.
  public var progress = Progress()
  /// Where the data are; nothing before the first batch.
  public var loader: DataLoaderState?
  /// The seed of what is random in layers.
  public var seed: UInt64 = 0
  /// The settings of the run.
  public var configuration: JSON = .object([])

  /// A checkpoint of a step.
  public init(step: Int, tensors: [Part: [String: Tensor]]) {
    self.step = step
    self.tensors = tensors
  }

  /// The digest of settings, by which runs are told apart.
  public static func digest(of configuration: JSON) -> String {
    var digest = SHA256()
    Array(configuration.line.utf8).withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }
}
