import Layers
import Mixers
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// The ordinary attention layer obeys the laws of sequence mixers.
@Suite struct SelfAttentionTests {
  static func layer(mask: AttentionMask = .causal) throws -> SelfAttention {
    let context = Context(threads: 1)
    var random = Random(seed: 5)
    func linear(_ out: Int, _ width: Int) throws -> PackedLinear {
      try PackedLinear(
        PackedMatrix(packing: context.tensor(random.floats(out * width), [out, width]), context: context))
    }
    let positions = RotaryEmbedding(headDim: 16, rotated: 16, base: 10000, limit: 2048)
    positions.reserve(positions: 2048)
    return try SelfAttention(
      query: linear(48, 32), key: linear(16, 32), value: linear(16, 32), output: linear(32, 48), positions: positions,
      core: DenseAttention(heads: 3, kvHeads: 1, headDim: 16, mask: mask)
    ) { (capacity, context) throws(MixerError) in
      try KeyValueCache(layers: 1, kvHeads: 1, headDim: 16, capacity: capacity, allocator: context.allocator)
    }
  }

  @Test func obeysTheLawsOfMixers() throws {
    #expect(try SequenceLaws(mixer: Self.layer(), width: 32).violations() == [])
    #expect(try SequenceLaws(mixer: Self.layer(mask: .sliding(90)), width: 32).violations() == [])
  }

  @Test func prefillAndStepsEqualForward() throws {
    let layer = try Self.layer()
    let context = Context(threads: 2)
    let x = SequenceInputs(widths: [32], tokens: 300, seed: 3)
    let whole = try layer.forward(x.tensors(0..<300, context)[0], context: context).floats
    let state = try layer.makeState(capacity: 300, context: context)
    var parts = try layer.prefill(x.tensors(0..<290, context)[0], state: state, context: context).floats
    for row in 290..<300 {
      parts += try layer.step(x.tensors(row..<row + 1, context)[0], state: state, context: context).floats
    }
    #expect(parts == whole)
  }
}
