import Layers
import Tensors

/// A causal language model: token ids in, logits out, one state for each sequence.
///
/// Models are shared between sessions; states are not. One model evaluates one batch at a time; callers serialise.
public protocol LanguageModel: AnyObject, Sendable {
  /// What the model is: sizes, limits and costs.
  var description: ModelDescription { get }

  /// A state with no tokens, for all layers.
  ///
  /// - Parameter capacity: the most tokens the state will ever hold, at most the model's context length. Memory is taken
  ///   as the state grows, not here.
  /// - Throws: ``ModelError/contextExceeded(limit:requested:)``.
  func makeState(capacity: Int) throws -> any MixerState

  /// Appends every run's tokens to its state and computes the logits asked for.
  ///
  /// The logits of a run are the same bits whatever other runs are in the batch, however its tokens were cut into runs,
  /// and for any number of threads, as long as the same tokens are said to be generated.
  ///
  /// - Parameters:
  ///   - batch: at least one token in all; no state twice.
  ///   - isCancelled: asked between layers; `true` stops the evaluation.
  /// - Throws: ``ModelError``, before anything is computed; `CancellationError`, after which the states hold what they
  ///   held before.
  func evaluate(_ batch: TokenBatch, isCancelled: () -> Bool) throws -> Logits
}

/// The work of one evaluation: new tokens for any number of sequences, prompt chunks and single steps alike.
public struct TokenBatch: Sendable {
  /// Which rows of a run need logits.
  public enum LogitRows: Sendable { case none, last, all }

  /// New tokens of one sequence.
  public struct Run: Sendable {
    /// The sequence's state; the tokens are appended to it.
    public var state: any MixerState
    /// The token ids, each below the vocabulary's size.
    public var tokens: [Int32]
    /// The rows whose logits are wanted.
    public var logits: LogitRows
    /// The adapter that changes the model's weights for these tokens; nothing for the model as it is.
    public var adapter: ModelAdapter?
    /// How many of the last tokens were generated: what these see may be kept to a budget (``LoadOptions/sparse``).
    public var answerTokens: Int

    /// A run of `tokens` for `state`, the last `answerTokens` of which were generated.
    public init(
      state: any MixerState, tokens: [Int32], logits: LogitRows = .last, adapter: ModelAdapter? = nil,
      answerTokens: Int = 0
    ) {
      self.state = state
      self.tokens = tokens
      self.logits = logits
      self.adapter = adapter
      self.answerTokens = answerTokens
    }
  }

  /// The runs, one for each sequence.
  public var runs: [Run]

  /// A batch of runs.
  public init(_ runs: [Run]) { self.runs = runs }
}

/// The logits of one evaluation, valid until the model's next one.
public struct Logits: Sendable {
  /// [rows, vocabulary], f32: the rows asked for, in the order of the runs and of the tokens in them.
  public let values: Tensor
  /// For every run, its rows.
  public let rows: [Range<Int>]

  /// Logits from their parts.
  public init(values: Tensor, rows: [Range<Int>]) {
    self.values = values
    self.rows = rows
  }

  /// One row.
  public func row(_ index: Int) -> UnsafeBufferPointer<Float> {
    let width = values.shape.last
    return UnsafeBufferPointer(start: values.pointer(as: Float.self) + index * width, count: width)
  }
}
