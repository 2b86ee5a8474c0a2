import Layers
import Mixers
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// Blocks of every residual policy obey the laws of sequence mixers, and are what their parts give one by one.
@Suite struct DecoderBlockTests {
  /// A block seen as a mixer: what it adds to its input's copy.
  struct Block: SequenceMixer {
    let block: DecoderBlock
    let attention: SelfAttention

    func makeState(capacity: Int, context: Context) throws(MixerError) -> any MixerState {
      try attention.makeState(capacity: capacity, context: context)
    }
    func mix(_ x: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor {
      let y = context.empty(x.shape)
      y.pointer.copyMemory(from: x.pointer, byteCount: x.count * 4)
      try block(y, layer: layer, batch: batch, context)
      return y
    }
    func add(_ x: Tensor, to y: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) {
      context.accumulate(try mix(x, layer: layer, batch: batch, context: context), into: y)
    }
  }

  static let width = 32

  static func block(outputNorms: Bool, isParallel: Bool) throws -> (Block, parts: Parts) {
    let context = Context(threads: 1)
    var random = Random(seed: 7)
    func linear(_ out: Int, _ width: Int) throws -> PackedLinear {
      let weights = context.tensor(random.floats(out * width), [out, width])
      return try PackedLinear(
        PackedMatrix(packing: weights, context: context), bias: context.tensor(random.floats(out)))
    }
    func norm(_ width: Int) -> LayerNorm {
      LayerNorm(
        weight: context.tensor(random.floats(width)), bias: context.tensor(random.floats(width)), epsilon: 1e-5)
    }
    let positions = RotaryEmbedding(headDim: 16, rotated: 8, base: 10000, pairing: .halves, limit: 2048)
    positions.reserve(positions: 2048)
    let attention = try SelfAttention(
      query: linear(48, width), key: linear(16, width), value: linear(16, width), output: linear(width, 48),
      queryNorm: HeadNorm(norm(16), headDim: 16), keyNorm: HeadNorm(norm(16), headDim: 16), positions: positions,
      core: DenseAttention(heads: 3, kvHeads: 1, headDim: 16, softcap: 2)
    ) { (capacity, context) throws(MixerError) in
      try KeyValueCache(layers: 1, kvHeads: 1, headDim: 16, capacity: capacity, allocator: context.allocator)
    }
    let parts = try Parts(
      attention: attention, mlp: MLP(up: linear(64, width), down: linear(width, 64), activation: .gelu),
      norms: (0..<4).map { _ in norm(width) })
    let block = DecoderBlock(
      mixerNorm: parts.norms[0], mixer: attention, mixerOutputNorm: outputNorms ? parts.norms[1] : nil,
      mlpNorm: parts.norms[2], mlp: parts.mlp, mlpOutputNorm: outputNorms ? parts.norms[3] : nil,
      isParallel: isParallel)
    return (Block(block: block, attention: attention), parts)
  }

  struct Parts {
    let attention: SelfAttention
    let mlp: MLP
    let norms: [LayerNorm]
  }

  @Test(arguments: [false, true], [false, true]) func obeysTheLawsOfMixers(outputNorms: Bool, isParallel: Bool) throws {
    let (block, _) = try Self.block(outputNorms: outputNorms, isParallel: isParallel)
    #expect(try SequenceLaws(mixer: block, width: Self.width).violations() == [])
  }

  @Test(arguments: [false, true], [false, true]) func isTheSumOfItsParts(outputNorms: Bool, isParallel: Bool) throws {
    let (block, parts) = try Self.block(outputNorms: outputNorms, isParallel: isParallel)
    let context = Context(threads: 1)
    let x = SequenceInputs(widths: [Self.width], tokens: 20, seed: 3).tensors(0..<20, context)[0]
    let whole = try block.forward(x, context: context).floats
    var mixed = try parts.attention.forward(parts.norms[0](x, context), context: context)
    if outputNorms { mixed = parts.norms[1](mixed, context) }
    let between = context.add(x, mixed)
    var last = parts.mlp(LinearInput(parts.norms[2](isParallel ? x : between, context)), context)
    if outputNorms { last = parts.norms[3](last, context) }
    let sum = context.add(between, last).floats
    for (a, b) in zip(whole, sum) { #expect(abs(a - b) <= 1e-5 * max(1, abs(b))) }
  }
}
