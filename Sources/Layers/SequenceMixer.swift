import Tensors

/// A layer that mixes the positions of a sequence and owns its projections: attention with a core, a recurrence, a
/// convolution.
///
/// Laws: prefill of N tokens followed by M steps gives the outputs of `forward` of N+M tokens; a mixed batch gives each
/// run what it gets alone.
public protocol SequenceMixer: Sendable {
  /// A state without tokens for sequences of up to `capacity` tokens.
  ///
  /// - Throws: ``MixerError`` for a capacity out of range.
  func makeState(capacity: Int, context: Context) throws(MixerError) -> any MixerState

  /// The one entry: x [rows, width] of the batch in, [rows, width] out; the states in force get the new tokens written.
  ///
  /// - Throws: ``MixerError`` for tensors or states that do not fit.
  func mix(_ x: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor

  /// The same with the result added to y [rows, width], in y's own storage: the residual connection.
  ///
  /// - Throws: ``MixerError`` for tensors or states that do not fit.
  func add(_ x: Tensor, to y: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError)

  /// The layer with other cores for its projections, each a stand-in for the one given; itself where it has none that can
  /// be replaced.
  func replacing(_ change: (LinearRole, any LinearCore) -> any LinearCore) -> Self
}

extension SequenceMixer {
  /// The layer itself.
  public func replacing(_ change: (LinearRole, any LinearCore) -> any LinearCore) -> Self { self }

  /// New tokens of one sequence, x [rows, width]: a prompt chunk, or a single step.
  ///
  /// - Throws: ``MixerError``.
  public func prefill(
    _ x: Tensor, state: any MixerState, layer: Int = 0, context: Context
  ) throws(MixerError) -> Tensor {
    let batch = BatchBox()
    try batch.begin(BatchLayout([.init(state: state, rows: x.shape[0])]))
    let y = try mix(x, layer: layer, batch: batch, context: context)
    batch.commit()
    return y
  }

  /// One new token, x [1, width].
  ///
  /// - Throws: ``MixerError``.
  public func step(_ x: Tensor, state: any MixerState, layer: Int = 0, context: Context) throws(MixerError) -> Tensor {
    guard x.shape.rank == 2, x.shape[0] == 1 else {
      throw .unexpectedShape(argument: "x", x.shape, expected: "[1, width]")
    }
    return try prefill(x, state: state, layer: layer, context: context)
  }

  /// A whole sequence without a state that lasts, x [N, width].
  ///
  /// - Throws: ``MixerError``.
  public func forward(_ x: Tensor, context: Context) throws(MixerError) -> Tensor {
    guard x.shape.rank == 2, x.shape[0] > 0 else {
      throw .unexpectedShape(argument: "x", x.shape, expected: "[N, width], N at least 1")
    }
    return try prefill(x, state: makeState(capacity: x.shape[0], context: context), context: context)
  }
}
