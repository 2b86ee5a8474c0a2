// Dao, Gu: Transformers are SSMs: generalized models and efficient algorithms through structured state space duality,
// 2024 (https://arxiv.org/abs/2405.21060).

import CVenturi
import Costs
import Layers
import Tensors

/// The mixer of Mamba-2: a short convolution, then a recurrence whose step, input and output depend on the token.
///
/// z, u, Δ = in(x); u = silu(conv(u)) = (x, b, c); for each head S = exp(Δ a) S + Δ x bᵀ, y = S c + d x;
/// out(norm(y · silu(z))). The recurrence runs token by token, so its bits do not depend on chunks.
public struct SelectiveStateSpace: SequenceMixer {
  /// The sizes of a layer.
  public struct Sizes: Sendable, Hashable {
    /// The number of heads.
    public var heads: Int
    /// The width of a head.
    public var headDim: Int
    /// The heads that share b and c are those of a group; it divides the heads.
    public var groups: Int
    /// The width of b and c.
    public var state: Int
    /// The taps of the convolution.
    public var taps: Int

    /// Sizes.
    public init(heads: Int, headDim: Int, groups: Int, state: Int, taps: Int) {
      self.heads = heads
      self.headDim = headDim
      self.groups = groups
      self.state = state
      self.taps = taps
    }

    /// The width of all heads.
    public var inner: Int { heads * headDim }
    /// The channels of the convolution: x, and b and c of each group.
    public var channels: Int { inner + 2 * groups * state }
    /// The values of a layer's state: the convolution's past and every head's S.
    public var stateWidth: Int { (taps - 1) * channels + heads * headDim * state }
  }

  /// The weights of a layer; all but the matrices are f32.
  public struct Weights: Sendable {
    /// The gate's projection [inner, width], the convolution's [channels, width] and the steps' [heads, width].
    public var gate, input, step: any LinearCore
    /// The output's projection [width, inner].
    public var output: any LinearCore
    /// The taps, [taps, channels].
    public var convolution: Tensor
    /// The convolution's bias [channels], where there is one.
    public var convolutionBias: Tensor?
    /// [heads] each: what is added to Δ, a (below zero) and d.
    public var stepBias, decay, skip: Tensor
    /// The norm's weights [inner].
    public var norm: Tensor
    /// The equal parts of a row that are normalised each by itself.
    public var normGroups: Int

    /// Weights from their parts.
    public init(
      gate: any LinearCore, input: any LinearCore, step: any LinearCore, output: any LinearCore, convolution: Tensor,
      convolutionBias: Tensor?, stepBias: Tensor, decay: Tensor, skip: Tensor, norm: Tensor, normGroups: Int
    ) {
      (self.gate, self.input, self.step, self.output) = (gate, input, step, output)
      (self.convolution, self.convolutionBias) = (convolution, convolutionBias)
      (self.stepBias, self.decay, self.skip) = (stepBias, decay, skip)
      (self.norm, self.normGroups) = (norm, normGroups)
    }
  }

  let sizes: Sizes
  let weights: Weights
  let epsilon: Float
  let layout: RecurrentState.Layout

  /// A layer of one model, whose states have `layout`.
  public init(_ sizes: Sizes, weights: Weights, epsilon: Float, layout: RecurrentState.Layout) {
    precondition(layout.width == sizes.stateWidth, "a state of \(layout.width) values for \(sizes.stateWidth)")
    self.sizes = sizes
    self.weights = weights
    self.epsilon = epsilon
    self.layout = layout
  }

  /// A state without tokens.
  public func makeState(capacity: Int, context: Context) throws(MixerError) -> any MixerState {
    try RecurrentState(layout, capacity: capacity, allocator: context.allocator)
  }

  /// The layer over the batch: x [rows, width] in, [rows, width] out.
  public func mix(_ x: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor {
    let y = try inner(x, layer: layer, batch: batch, context: context)
    return context.within("output") { weights.output(LinearInput(y), context) }
  }

  /// y += the layer over the batch.
  public func add(_ x: Tensor, to y: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) {
    let o = try inner(x, layer: layer, batch: batch, context: context)
    context.within("output") { weights.output.add(LinearInput(o), to: y, context) }
  }

  private func inner(_ x: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor {
    try batch.checkRecurrent(layout)
    let projected = context.within("input") {
      together([weights.gate, weights.input, weights.step], LinearInput(x), context)
    }
    let convolved = convolve(projected[1], layer: layer, batch: batch, context)
    let y = scan(context.silu(convolved), steps: projected[2], layer: layer, batch: batch, context)
    return context.rmsNorm(
      context.siluMultiply(projected[0], y), weight: weights.norm, epsilon: epsilon, groups: weights.normGroups)
  }

  /// The convolution over every run's rows, u [rows, channels].
  private func convolve(_ u: Tensor, layer: Int, batch: BatchBox, _ context: Context) -> Tensor {
    let y = context.empty(u.shape)
    let (channels, taps) = (sizes.channels, sizes.taps)
    let (source, target) = (u.pointer(as: Float.self), y.pointer(as: Float.self))
    let weight = weights.convolution.pointer(as: Float.self)
    let bias = weights.convolutionBias?.pointer(as: Float.self)
    // Blocks of channels are independent of each other.
    let block = 256
    let blocks = (channels + block - 1) / block
    let job = WorkerJob { item, _ in
      guard let layout = batch.layout else { return }
      let run = layout.runs[item / blocks]
      let first = item % blocks * block
      let state = batch.recurrentState(of: run)
      let offset = run.firstRow * channels + first
      vt_short_convolution(
        Int64(run.rows), Int32(min(block, channels - first)), Int32(taps), source + offset, Int64(channels),
        weight + first, Int64(channels), bias.map { $0 + first }, state.current(layer) + first,
        state.next(layer) + first, Int64(channels), target + offset)
    }
    let values = Double(u.count)
    let cost = OperatorCost(
      flops: 2 * values * Double(taps), bytesRead: 4 * values, bytesWritten: 4 * values)
    context.perform(.shortConvolution, cost: cost) { [workers = context.workers] in
      workers.run((batch.layout?.runs.count ?? 0) * blocks, job)
    }
    return y
  }

  /// The recurrence, head by head; u [rows, channels] holds x, b and c side by side.
  private func scan(_ u: Tensor, steps: Tensor, layer: Int, batch: BatchBox, _ context: Context) -> Tensor {
    let rows = u.shape[0]
    let y = context.empty([rows, sizes.inner])
    let sizes = sizes
    let (source, target) = (u.pointer(as: Float.self), y.pointer(as: Float.self))
    let step = steps.pointer(as: Float.self)
    let bias = weights.stepBias.pointer(as: Float.self)
    let decay = weights.decay.pointer(as: Float.self)
    let skip = weights.skip.pointer(as: Float.self)
    let past = (sizes.taps - 1) * sizes.channels
    let job = WorkerJob { item, _ in
      guard let layout = batch.layout else { return }
      let run = layout.runs[item / sizes.heads]
      let head = item % sizes.heads
      let group = head / (sizes.heads / sizes.groups)
      let state = batch.recurrentState(of: run)
      let place = past + head * sizes.headDim * sizes.state
      let row = source + run.firstRow * sizes.channels
      let b = row + sizes.inner + group * sizes.state
      vt_selective_scan(
        Int64(run.rows), Int32(sizes.headDim), Int32(sizes.state), row + head * sizes.headDim, b,
        b + sizes.groups * sizes.state, Int64(sizes.channels), step + run.firstRow * sizes.heads + head,
        Int64(sizes.heads), bias[head], decay[head], skip[head], state.current(layer) + place,
        state.next(layer) + place, target + run.firstRow * sizes.inner + head * sizes.headDim, Int64(sizes.inner))
    }
    let states = Double(rows) * Double(sizes.inner * sizes.state)
    let moved = 8 * Double(sizes.inner * sizes.state)
    let cost = OperatorCost(
      flops: 5 * states, bytesRead: 4 * Double(u.count) + moved, bytesWritten: 4 * Double(y.count) + moved,
      residentBytes: moved)
    context.perform(.recurrence, cost: cost) { [workers = context.workers] in
      workers.run((batch.layout?.runs.count ?? 0) * sizes.heads, job)
    }
    return y
  }
}

extension OperatorKind {
  /// A depthwise convolution of a few taps along the sequence.
  static let shortConvolution = OperatorKind(rawValue: "shortConvolution")
  /// A state that every token changes.
  static let recurrence = OperatorKind(rawValue: "recurrence")
  /// Rows mixed with the rows before them.
  static let tokenShift = OperatorKind(rawValue: "tokenShift")
}
