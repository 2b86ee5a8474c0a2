// Vaswani et al.: Attention is all you need, 2017 (https://arxiv.org/abs/1706.03762), with grouped queries (Ainslie et
// al., 2023, https://arxiv.org/abs/2305.13245) and rotary positions.

import Layers
import Tensors

/// The ordinary attention layer: projections, rotary positions, an attention core and the output projection.
///
/// q = x Wqᵀ [rows, heads·d], k and v = x Wkᵀ, x Wvᵀ [rows, kvHeads·d]; q and k pass their norms, where there are any, and
/// turn by their positions before k enters the cache; y = core(q, k, v) Woᵀ.
public struct SelfAttention: SequenceMixer {
  let query: any LinearCore
  let key: any LinearCore
  let value: any LinearCore
  let output: any LinearCore
  let queryNorm: (any Normalization)?
  let keyNorm: (any Normalization)?
  let positions: RotaryEmbedding?
  let core: any AttentionCore
  let makeCache: @Sendable (_ capacity: Int, _ context: Context) throws(MixerError) -> any MixerState

  /// A layer from its parts; `makeCache` makes the state that `core` works on. Without `positions` nothing turns.
  public init(
    query: any LinearCore, key: any LinearCore, value: any LinearCore, output: any LinearCore,
    queryNorm: (any Normalization)? = nil, keyNorm: (any Normalization)? = nil, positions: RotaryEmbedding?,
    core: any AttentionCore,
    makeCache: @escaping @Sendable (_ capacity: Int, _ context: Context) throws(MixerError) -> any MixerState
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.queryNorm = queryNorm
    self.keyNorm = keyNorm
    self.positions = positions
    self.core = core
    self.makeCache = makeCache
  }

  /// A cache without tokens for sequences of up to `capacity` tokens.
  public func makeState(capacity: Int, context: Context) throws(MixerError) -> any MixerState {
    try makeCache(capacity, context)
  }

  /// The layer with other cores for its projections.
  public func replacing(_ change: (LinearRole, any LinearCore) -> any LinearCore) -> SelfAttention {
    SelfAttention(
      query: change(.query, query), key: change(.key, key), value: change(.value, value),
      output: change(.output, output), queryNorm: queryNorm, keyNorm: keyNorm, positions: positions, core: core,
      makeCache: makeCache)
  }

  /// Attention over the batch: x [rows, width] in, [rows, width] out.
  public func mix(_ x: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor {
    let o = try heads(x, layer: layer, batch: batch, context: context)
    return context.within("output") { output(LinearInput(o), context) }
  }

  /// y += attention over the batch; the residual connection is part of the output projection.
  public func add(
    _ x: Tensor, to y: Tensor, layer: Int, batch: BatchBox, context: Context
  ) throws(MixerError) {
    let o = try heads(x, layer: layer, batch: batch, context: context)
    context.within("output") { output.add(LinearInput(o), to: y, context) }
  }

  /// The heads' outputs side by side, [rows, heads·d].
  private func heads(_ x: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor {
    let projected = context.within("q,k,v") { together([query, key, value], LinearInput(x), context) }
    let q = queryNorm.map { $0(projected[0], context) } ?? projected[0]
    let k = keyNorm.map { $0(projected[1], context) } ?? projected[1]
    positions?.rotate([q, k], batch: batch, context)
    return try core(q: q, k: k, v: projected[2], layer: layer, batch: batch, context: context)
  }
}
