// DeepSeek-AI: DeepSeek-V2: A strong, economical, and efficient mixture-of-experts language model, 2024
// (https://arxiv.org/abs/2405.04434), section 2.1.

import CVenturi
import Layers
import Tensors

/// Attention whose keys and values are made from one short vector for each token, the latent, which is all that is kept.
///
/// With r the latent's width, d the rotated part's, n the rest of a head, c the token's latent and p its rotated key:
/// q_h = [q_h^n, q_h^r] [rows, n + d]; the score of head h is (q_h^n · K_h c + q_h^r · p) · scale, and its output
/// V_h Σ softmax · c. What runs, for prompts and for steps, is the absorbed form: q_h^n K_h [rows, r] is made first, so
/// that all heads read one key [c, p] of r + d values and one value c. The core therefore has one kv head of r + d.
public struct LatentAttention: SequenceMixer {
  /// The widths of a layer's parts.
  public struct Sizes: Sendable, Hashable {
    /// Query heads.
    public var heads: Int
    /// The latent's width, r.
    public var latent: Int
    /// The values of a head that do not turn, n.
    public var plain: Int
    /// The values of a head that turn, d.
    public var rotated: Int
    /// The values of a head's output.
    public var value: Int

    /// The values of a query head as it is projected.
    public var query: Int { plain + rotated }
    /// The values of a query head, of a key and of a value as the core sees them.
    public var key: Int { latent + rotated }

    /// Sizes from their parts.
    ///
    /// - Throws: ``/Layers/MixerError/invalidSetting(field:value:expected:)``.
    public init(heads: Int, latent: Int, plain: Int, rotated: Int, value: Int) throws(MixerError) {
      for (field, size) in [("plain", plain), ("value", value), ("latent", latent)] where !(1...1024 ~= size) {
        throw .invalidSetting(field: field, value: size, expected: "1…1024")
      }
      guard 1...4096 ~= heads else { throw .invalidSetting(field: "heads", value: heads, expected: "1…4096") }
      guard rotated >= 2, rotated.isMultiple(of: 2), latent + rotated <= 1024 else {
        throw .invalidSetting(field: "rotated", value: rotated, expected: "an even number from 2 to \(1024 - latent)")
      }
      self.heads = heads
      self.latent = latent
      self.plain = plain
      self.rotated = rotated
      self.value = value
    }
  }

  /// The matrices of a layer.
  public struct Weights: Sendable {
    /// What queries are made from where it is not x itself: [short, width], then a norm.
    public var shortQuery: (matrix: any LinearCore, norm: any Normalization)?
    /// [heads · (plain + rotated), short or width].
    public var query: any LinearCore
    /// [latent + rotated, width]: the latent and the rotated key.
    public var latent: any LinearCore
    /// The norm of the latent.
    public var latentNorm: any Normalization
    /// K_h transposed: for each head [latent, plain].
    public var keys: PackedMatrices
    /// V_h: for each head [value, latent].
    public var values: PackedMatrices
    /// How ``keys`` and ``values`` take their input.
    public var precision: LinearPrecision
    /// [width, heads · value].
    public var output: any LinearCore

    /// Weights from their parts.
    public init(
      shortQuery: (matrix: any LinearCore, norm: any Normalization)?, query: any LinearCore, latent: any LinearCore,
      latentNorm: any Normalization, keys: PackedMatrices, values: PackedMatrices, precision: LinearPrecision,
      output: any LinearCore
    ) {
      self.shortQuery = shortQuery
      self.query = query
      self.latent = latent
      self.latentNorm = latentNorm
      self.keys = keys
      self.values = values
      self.precision = precision
      self.output = output
    }
  }

  let sizes: Sizes
  let weights: Weights
  let positions: RotaryEmbedding
  let core: any AttentionCore
  let makeCache: @Sendable (_ capacity: Int, _ context: Context) throws(MixerError) -> any MixerState

  /// A layer from its parts; `makeCache` makes the state that `core` works on.
  ///
  /// - Precondition: the weights have the given sizes; the core has one kv head of ``Sizes/key``, and positions turn its
  ///   last values.
  public init(
    sizes: Sizes, weights: Weights, positions: RotaryEmbedding, core: any AttentionCore,
    makeCache: @escaping @Sendable (_ capacity: Int, _ context: Context) throws(MixerError) -> any MixerState
  ) {
    precondition(
      weights.query.outFeatures == sizes.heads * sizes.query && weights.latent.outFeatures == sizes.key
        && weights.keys.count == sizes.heads && weights.keys.outFeatures == sizes.latent
        && weights.keys.inFeatures == sizes.plain && weights.values.count == sizes.heads
        && weights.values.outFeatures == sizes.value && weights.values.inFeatures == sizes.latent
        && weights.output.inFeatures == sizes.heads * sizes.value, "weights of other sizes than \(sizes)")
    precondition(
      core.heads == sizes.heads && core.kvHeads == 1 && core.headDim == sizes.key, "a core for \(core.headDim) values")
    precondition(
      positions.headDim == sizes.key && positions.offset == sizes.latent && positions.rotated == sizes.rotated,
      "positions that turn \(positions.rotated) of \(positions.headDim) values")
    self.sizes = sizes
    self.weights = weights
    self.positions = positions
    self.core = core
    self.makeCache = makeCache
  }

  /// A cache without tokens for sequences of up to `capacity` tokens.
  public func makeState(capacity: Int, context: Context) throws(MixerError) -> any MixerState {
    try makeCache(capacity, context)
  }

  /// Attention over the batch: x [rows, width] in, [rows, width] out.
  public func mix(_ x: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor {
    let o = try heads(x, layer: layer, batch: batch, context: context)
    return context.within("output") { weights.output(LinearInput(o), context) }
  }

  /// y += attention over the batch; the residual connection is part of the output projection.
  public func add(
    _ x: Tensor, to y: Tensor, layer: Int, batch: BatchBox, context: Context
  ) throws(MixerError) {
    let o = try heads(x, layer: layer, batch: batch, context: context)
    context.within("output") { weights.output.add(LinearInput(o), to: y, context) }
  }

  /// The heads' outputs side by side, [rows, heads · value].
  private func heads(_ x: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor {
    let rows = x.shape[0]
    let (queries, key) = absorbed(x, context)
    positions.rotate([queries, key], batch: batch, context)
    let o = try core(q: queries, k: key, v: key, layer: layer, batch: batch, context: context)
    let values = context.empty([rows, sizes.heads * sizes.value])
    context.within("values") { context.linearByHead(o, weights.values, to: values, precision: weights.precision) }
    return values
  }

  /// What the core sees, before it turns: queries [rows, heads · (latent + rotated)] and the key [rows, latent + rotated].
  private func absorbed(_ x: Tensor, _ context: Context) -> (queries: Tensor, key: Tensor) {
    let rows = x.shape[0]
    let (q, latent) = context.within("q,latent") {
      let input = LinearInput(x)
      guard let short = weights.shortQuery else {
        let both = together([weights.query, weights.latent], input, context)
        return (both[0], both[1])
      }
      let both = together([short.matrix, weights.latent], input, context)
      return (weights.query(LinearInput(short.norm(both[0], context)), context), both[1])
    }
    let normed = weights.latentNorm(context.contiguous(latent.sliced(axis: 1, 0..<sizes.latent)), context)
    let queries = context.empty([rows, sizes.heads * sizes.key])
    let key = context.empty([rows, sizes.key])
    let job = Assembly(
      sizes: sizes, query: q.pointer(as: Float.self), latent: latent.pointer(as: Float.self),
      normed: normed.pointer(as: Float.self), queries: queries.pointer(as: Float.self),
      key: key.pointer(as: Float.self))
    let workers = context.workers
    let copy = WorkerJob { row, _ in job.run(row) }
    let bytes = 4 * Double(rows * (sizes.key + sizes.heads * sizes.rotated))
    withExtendedLifetime((latent, normed)) {
      context.perform(.copy, cost: OperatorCost(bytesRead: bytes, bytesWritten: bytes)) { workers.run(rows, copy) }
    }
    context.within("keys") { context.linearByHead(q, weights.keys, to: queries, precision: weights.precision) }
    return (queries, key)
  }

  /// Puts what turns, and the latent, in their places.
  private struct Assembly {
    let sizes: Sizes
    let query: UnsafeMutablePointer<Float>
    let latent: UnsafeMutablePointer<Float>
    let normed: UnsafeMutablePointer<Float>
    let queries: UnsafeMutablePointer<Float>
    let key: UnsafeMutablePointer<Float>

    func run(_ row: Int) {
      let own = key + row * sizes.key
      own.update(from: normed + row * sizes.latent, count: sizes.latent)
      (own + sizes.latent).update(from: latent + row * sizes.key + sizes.latent, count: sizes.rotated)
      for head in 0..<sizes.heads {
        let place = row * sizes.heads + head
        (queries + place * sizes.key + sizes.latent)
          .update(from: query + place * sizes.query + sizes.plain, count: sizes.rotated)
      }
    }
  }
}
