import Tensors

/// The heart of an attention layer: queries, keys and values after projection and RoPE in, head outputs out.
///
/// Tensors are f32 with the rows of the batch: q and o [rows, heads·d], k and v [rows, kvHeads·d]; the last axis is
/// contiguous, rows may be strided. Query head h reads kv head h / (heads / kvHeads). Laws: N rows in one call equal
/// the same rows in any chunks, and a run's output is the same bits whatever other runs share the call.
public protocol AttentionCore: Sendable {
  /// The number of query heads.
  var heads: Int { get }
  /// The number of key and value heads.
  var kvHeads: Int { get }
  /// The width of a head.
  var headDim: Int { get }

  /// Writes the batch's keys and values into its states.
  ///
  /// - Throws: ``MixerError`` for tensors or states that do not fit.
  func append(k: Tensor, v: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError)

  /// Attends to what the states hold, the batch's own rows included: o [rows, heads·d].
  ///
  /// - Throws: ``MixerError`` for tensors or states that do not fit.
  func attend(q: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor
}

extension AttentionCore {
  /// Appends k and v, then attends: o [rows, heads·d].
  ///
  /// - Throws: ``MixerError`` for tensors or states that do not fit.
  public func callAsFunction(
    q: Tensor, k: Tensor, v: Tensor, layer: Int, batch: BatchBox, context: Context
  ) throws(MixerError) -> Tensor {
    try append(k: k, v: v, layer: layer, batch: batch, context: context)
    return try attend(q: q, layer: layer, batch: batch, context: context)
  }
}
