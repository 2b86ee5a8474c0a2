// Peng et al.: RWKV-7 "Goose" with expressive dynamic state evolution, 2025 (https://arxiv.org/abs/2503.14456).

import CVenturi
import Costs
import Layers
import Tensors

/// The time mixing of RWKV-7: a linear attention whose state forgets, removes and writes by the generalised delta rule.
///
/// Every input is the token's row mixed with the row before it. Per head S = S (diag(w) - κᵀ (a ⊙ κ)) + vᵀ k and y = r Sᵀ;
/// then a norm of each head, the bonus Σ(r k ρ) v, the gate, and the output projection. Layers after the first mix their
/// values with the first layer's.
public struct TimeMix: Sendable {
  /// A low-rank layer: up(f(down x)).
  public struct LowRank: Sendable {
    let down, up: any LinearCore

    /// A layer of two matrices, [rank, width] and [width, rank].
    public init(down: any LinearCore, up: any LinearCore) {
      self.down = down
      self.up = up
    }

    func callAsFunction(_ x: Tensor, _ context: Context, _ activation: (Tensor) -> Tensor = { $0 }) -> Tensor {
      up(LinearInput(activation(down(LinearInput(x), context))), context)
    }
  }

  /// The weights of a layer; vectors are f32 of the width.
  public struct Weights: Sendable {
    /// The mixes for r, w, k, v, a and g, [6, width].
    public var shift: Tensor
    public var receptance, key, value, output: any LinearCore
    public var decay, rate, gate: LowRank
    /// Nothing in the first layer.
    public var valueMix: LowRank?
    public var decayBias, rateBias: Tensor
    /// Nothing in the first layer.
    public var valueBias: Tensor?
    /// κ's factors, those of k's rate, and ρ.
    public var removal, keyRate, bonus: Tensor
    public var norm, normBias: Tensor

    /// Weights from their parts.
    public init(
      shift: Tensor, receptance: any LinearCore, key: any LinearCore, value: any LinearCore, output: any LinearCore,
      decay: LowRank, rate: LowRank, gate: LowRank, valueMix: LowRank?, decayBias: Tensor, rateBias: Tensor,
      valueBias: Tensor?, removal: Tensor, keyRate: Tensor, bonus: Tensor, norm: Tensor, normBias: Tensor
    ) {
      (self.shift, self.receptance, self.key, self.value, self.output) = (shift, receptance, key, value, output)
      (self.decay, self.rate, self.gate, self.valueMix) = (decay, rate, gate, valueMix)
      (self.decayBias, self.rateBias, self.valueBias) = (decayBias, rateBias, valueBias)
      (self.removal, self.keyRate, self.bonus) = (removal, keyRate, bonus)
      (self.norm, self.normBias) = (norm, normBias)
    }
  }

  let weights: Weights
  let heads: Int
  let headDim: Int
  let epsilon: Float
  let layout: RecurrentState.Layout

  /// A layer of heads of `headDim` values, whose states have `layout`.
  ///
  /// - Precondition: `headDim` is at most 256.
  public init(_ weights: Weights, heads: Int, headDim: Int, epsilon: Float, layout: RecurrentState.Layout) {
    precondition(headDim <= 256 && layout.width == Self.stateWidth(heads: heads, headDim: headDim))
    self.weights = weights
    self.heads = heads
    self.headDim = headDim
    self.epsilon = epsilon
    self.layout = layout
  }

  /// The values of a layer's state: the last row before each of the two mixings, and every head's S.
  public static func stateWidth(heads: Int, headDim: Int) -> Int { heads * headDim * (2 + headDim) }

  /// x += the mixing of h [rows, width], the normalised x. `first` holds the first layer's values; the first layer fills it.
  ///
  /// - Throws: ``/Layers/MixerError/foreignState(run:expected:)``.
  public func add(
    _ h: Tensor, to x: Tensor, first: inout Tensor?, layer: Int, batch: BatchBox, _ context: Context
  ) throws(MixerError) {
    try batch.checkRecurrent(layout)
    let mixed = context.shifted(h, by: weights.shift, place: 0, layer: layer, batch: batch)
    let (r, k) = (
      weights.receptance(LinearInput(mixed[0]), context), weights.key(LinearInput(mixed[2]), context)
    )
    let v = weights.value(LinearInput(mixed[3]), context)
    let decay = weights.decay(mixed[1], context) { context.tanh($0) }
    let rate = weights.rate(mixed[4], context)
    let gate = weights.gate(mixed[5], context) { context.sigmoid($0) }
    let mix = weights.valueMix.map { $0(mixed[3], context) }
    let (y, extra) = recur(
      r: r, k: k, v: v, decay: decay, rate: rate, mix: mix, first: first, layer: layer, batch: batch, context)
    if first == nil { first = v }
    let normed = context.layerNorm(
      y, weight: weights.norm, bias: weights.normBias, epsilon: epsilon * Float(headDim), groups: heads)
    let gated = context.multiply(context.add(normed, extra), gate)
    context.within("output") { weights.output.add(LinearInput(gated), to: x, context) }
  }

  private func recur(
    r: Tensor, k: Tensor, v: Tensor, decay: Tensor, rate: Tensor, mix: Tensor?, first: Tensor?, layer: Int,
    batch: BatchBox, _ context: Context
  ) -> (y: Tensor, extra: Tensor) {
    let width = heads * headDim
    let (y, extra) = (context.empty(r.shape), context.empty(r.shape))
    func read(_ tensor: Tensor) -> UnsafePointer<Float> { UnsafePointer(tensor.pointer(as: Float.self)) }
    let all = vt_wkv7_rows(
      r: read(r), k: read(k), v: read(v), decay: read(decay), rate: read(rate), mix: mix.map(read),
      first: mix == nil ? nil : first.map(read), y: y.pointer(as: Float.self), extra: extra.pointer(as: Float.self),
      stride: Int64(width))
    let vectors = vt_wkv7_head(
      decay_bias: read(weights.decayBias), rate_bias: read(weights.rateBias), value_bias: weights.valueBias.map(read),
      removal: read(weights.removal), key_rate: read(weights.keyRate), bonus: read(weights.bonus))
    let (heads, size) = (heads, headDim)
    let job = WorkerJob { item, _ in
      guard let layout = batch.layout else { return }
      let run = layout.runs[item / heads]
      let head = item % heads
      let state = batch.recurrentState(of: run)
      let place = 2 * width + head * size * size
      var rows = all.advanced(by: run.firstRow * width + head * size)
      var own = vectors.advanced(by: head * size)
      vt_wkv7(
        Int64(run.rows), Int32(size), &own, &rows, state.current(layer) + place, state.next(layer) + place)
    }
    let rows = Double(r.shape[0])
    let moved = 8 * Double(width * size)
    let cost = OperatorCost(
      flops: 8 * rows * Double(width * size), bytesRead: 24 * rows * Double(width) + moved,
      bytesWritten: 8 * rows * Double(width) + moved, residentBytes: moved)
    context.perform(.recurrence, cost: cost) { [workers = context.workers] in
      workers.run((batch.layout?.runs.count ?? 0) * heads, job)
    }
    return (y, extra)
  }
}

extension vt_wkv7_rows {
  fileprivate func advanced(by count: Int) -> vt_wkv7_rows {
    vt_wkv7_rows(
      r: r + count, k: k + count, v: v + count, decay: decay + count, rate: rate + count, mix: mix.map { $0 + count },
      first: first.map { $0 + count }, y: y + count, extra: extra + count, stride: stride)
  }
}

extension vt_wkv7_head {
  fileprivate func advanced(by count: Int) -> vt_wkv7_head {
    vt_wkv7_head(
      decay_bias: decay_bias + count, rate_bias: rate_bias + count, value_bias: value_bias.map { $0 + count },
      removal: removal + count, key_rate: key_rate + count, bonus: bonus + count)
  }
}

extension Context {
  /// The rows of h mixed with the rows before them, once for each row of `factors` [mixes, width]; the state keeps the last
  /// row at the `place`-th width of a layer's values.
  func shifted(_ h: Tensor, by factors: Tensor, place: Int, layer: Int, batch: BatchBox) -> [Tensor] {
    let (rows, width, mixes) = (h.shape[0], h.shape[1], factors.shape[0])
    let all = empty([mixes, rows, width])
    let (source, target) = (h.pointer(as: Float.self), all.pointer(as: Float.self))
    let factor = factors.pointer(as: Float.self)
    // Blocks of values are independent of each other.
    let block = 256
    let blocks = (width + block - 1) / block
    let job = WorkerJob { item, _ in
      guard let layout = batch.layout else { return }
      let run = layout.runs[item / blocks]
      let first = item % blocks * block
      let state = batch.recurrentState(of: run)
      let (offset, kept) = (run.firstRow * width + first, place * width + first)
      vt_token_shift(
        Int64(run.rows), Int32(min(block, width - first)), Int32(mixes), source + offset, Int64(width), factor + first,
        state.current(layer) + kept, state.next(layer) + kept, target + offset, Int64(rows * width))
    }
    let values = Double(h.count)
    perform(
      .tokenShift,
      cost: OperatorCost(
        flops: 3 * values * Double(mixes), bytesRead: 4 * values, bytesWritten: 4 * values * Double(mixes))
    ) { [workers] in workers.run((batch.layout?.runs.count ?? 0) * blocks, job) }
    return (0..<mixes).map { all.sliced(axis: 0, $0..<$0 + 1).reshaped([rows, width]) }
  }
}
