import Formats

/// How long a run trains, and what it does on the way.
public struct TrainerOptions: Sendable {
  /// What is compared between evaluations.
  public struct Watch: Sendable, Hashable {
    /// The name of what is measured.
    public var metric: String
    /// Whether more is better.
    public var rises: Bool
    /// The evaluations without a better value after which the run ends.
    public var patience: Int

    /// An end after `patience` evaluations without a better value.
    public init(_ metric: String = "loss", rises: Bool = false, patience: Int) {
      self.metric = metric
      self.rises = rises
      self.patience = patience
    }
  }

  /// The steps of the whole run, those before a resumption included.
  public var steps: Int
  /// The batches of a step.
  public var accumulate = 1
  /// The largest norm of all gradients together; nothing for any.
  public var clip: Double?
  /// The seed of what is random in layers.
  public var seed: UInt64 = 0
  /// The steps from one line of metrics to the next.
  public var logEvery = 1
  /// The steps from one evaluation to the next; nothing for one at the end.
  public var evaluateEvery: Int?
  /// When to end early.
  public var watch: Watch?
  /// The steps from one checkpoint to the next; nothing for one at the end.
  public var checkpointEvery: Int?
  /// The checkpoints that are kept.
  public var keep = 3
  /// The settings that make this run this run; a checkpoint with others is refused.
  public var configuration: JSON = .object([])

  /// A run of `steps` steps.
  public init(steps: Int) { self.steps = steps }

  func prove() throws(TrainingError) {
    let counts: [(String, Int?)] = [
      ("accumulate", accumulate), ("logEvery", logEvery), ("evaluateEvery", evaluateEvery),
      ("patience", watch?.patience), ("checkpointEvery", checkpointEvery), ("keep", keep),
    ]
    for (field, value) in counts {
      if let value, value < 1 { throw .invalidOption(field: field, value: "\(value)", expected: "1 or more") }
    }
    if steps < 0 || steps > 1 << 40 {
      throw .invalidOption(field: "steps", value: "\(steps)", expected: "from 0 to 2⁴⁰")
    }
    if let clip, !(clip.isFinite && clip > 0) {
      throw .invalidOption(field: "clip", value: "\(clip)", expected: "a finite number above 0")
    }
  }
}
