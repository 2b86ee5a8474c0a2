import Tensors

/// A model that reads whole sequences at once and gives each token a vector that knows all others.
///
/// Sequences are ragged: they lie one behind the other without padding, and what one gets is the same, bit for bit, whatever
/// others share the call.
public protocol EncoderModel: Sendable {
  /// What the model is.
  var description: ModelDescription { get }
  /// How a sequence's vectors become one.
  var pooling: Pooling { get }

  /// The last hidden states [rows, width], f32: the rows of the first sequence, then those of the next one.
  ///
  /// - Parameters:
  ///   - sequences: token ids, each sequence of one or more and at most ``ModelDescription/contextLength``.
  ///   - isCancelled: asked between layers.
  /// - Throws: ``ModelError`` for sequences that do not fit; `CancellationError`.
  func encode(_ sequences: [[Int32]], isCancelled: () -> Bool) throws -> Tensor

  /// One vector for each sequence, [sequences, width], f32: the hidden states pooled.
  ///
  /// - Throws: as ``encode(_:isCancelled:)``.
  func embed(_ sequences: [[Int32]], pooling: Pooling, isCancelled: () -> Bool) throws -> Tensor
}
