// Dao, Gu: Transformers are SSMs: generalized models and efficient algorithms through structured state space duality,
// 2024 (https://arxiv.org/abs/2405.21060).

import Formats
import Layers
import Mixers
import NumericTypes
import Tensors

/// A decoder without attention: x = E[tokens]; for each block x += mixer(norm x); logits = H norm(x).
struct Mamba2: DecoderNetwork {
  let embedding: TokenEmbedding
  let blocks: [(norm: RMSNorm, mixer: SelectiveStateSpace)]
  let norm: RMSNorm
  let head: any LinearCore
  let layout: RecurrentState.Layout

  /// Builds the network over a checkpoint's tensors.
  ///
  /// - Throws: ``/Formats/FormatError``, ``ModelError`` or ``/Tensors/TensorError``, naming the key or tensor.
  init(
    _ checkpoint: Checkpoint, configuration c: Mamba2Configuration, vocabularySize: Int, compute: ComputeMode,
    context: Context
  ) throws {
    let weights = WeightReader(checkpoint: checkpoint, compute: compute, context: context)
    let layout = try c.layout
    blocks = try (0..<c.layers).map { index in
      let prefix = "blk.\(index)."
      let norm = RMSNorm(weight: try weights.vector(prefix + "attn_norm.weight", c.width), epsilon: c.epsilon)
      let mixer = SelectiveStateSpace(
        c.sizes, weights: try Self.mixer(prefix, c, weights), epsilon: c.epsilon, layout: layout)
      return (norm, mixer)
    }
    norm = RMSNorm(weight: try weights.vector("output_norm.weight", c.width), epsilon: c.epsilon)
    let rows = try weights.linear("token_embd.weight", out: vocabularySize, in: c.width, precision: .refined)
    embedding = TokenEmbedding(rows.matrix)
    head =
      checkpoint.tensorIfPresent("output.weight") == nil
      ? rows : try weights.linear("output.weight", out: vocabularySize, in: c.width, precision: .refined)
    self.layout = layout
  }

  /// A layer's weights. One matrix holds the gate, the convolution's input and the steps, one below the other.
  private static func mixer(
    _ prefix: String, _ c: Mamba2Configuration, _ weights: WeightReader
  ) throws -> SelectiveStateSpace.Weights {
    let s = c.sizes
    let all = s.inner + s.channels + s.heads
    func input(_ rows: Range<Int>) throws -> PackedLinear {
      try weights.linear(prefix + "ssm_in.weight", rows: rows, of: all, in: c.width, precision: .refined)
    }
    let convolution = try weights.matrix(prefix + "ssm_conv1d.weight", [s.channels, s.taps])
    let groups =
      weights.checkpoint.tensorIfPresent(prefix + "ssm_norm.weight")?.shape.dimensions.first == s.groups ? s.groups : 1
    return SelectiveStateSpace.Weights(
      gate: try input(0..<s.inner), input: try input(s.inner..<s.inner + s.channels),
      step: try input(s.inner + s.channels..<all),
      output: try weights.linear(prefix + "ssm_out.weight", out: c.width, in: s.inner),
      convolution: weights.context.contiguous(convolution.transposed()),
      convolutionBias: try weights.vectorIfPresent(prefix + "ssm_conv1d.bias", s.channels),
      stepBias: try weights.vector(prefix + "ssm_dt.bias", s.heads),
      decay: try weights.matrix(prefix + "ssm_a", [s.heads, 1]).reshaped([s.heads]),
      skip: try weights.matrix(prefix + "ssm_d", [s.heads, 1]).reshaped([s.heads]),
      norm: try weights.matrix(prefix + "ssm_norm.weight", [groups, s.inner / groups]).reshaped([s.inner]),
      normGroups: groups)
  }

  var vocabularySize: Int { embedding.vocabularySize }
  var positions: [RotaryEmbedding] { [] }

  func makeState(capacity: Int, context: Context) throws(MixerError) -> any MixerState {
    try RecurrentState(layout, capacity: capacity, allocator: context.allocator)
  }

  func owns(_ state: any MixerState) -> Bool { (state as? RecurrentState)?.layout == layout }

  func callAsFunction(_ step: StepPlans.Step, _ context: Context) throws -> Tensor {
    let x = embedding(step.tokens, count: step.rows, context)
    for (layer, block) in blocks.enumerated() {
      try context.within("mixer", layer: layer) { () throws(MixerError) in
        try block.mixer.add(block.norm(x, context), to: x, layer: layer, batch: step.box, context: context)
      }
      try step.endLayer()
    }
    let wanted = step.selectLogitRows(of: x, context)
    return context.within("head") { head(LinearInput(norm(wanted, context)), context) }
  }
}
