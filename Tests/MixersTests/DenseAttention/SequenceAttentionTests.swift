import Layers
import Mixers
import NumericTypes
import Tensors
import Testing
import VenturiTesting

@Suite struct SequenceAttentionTests {
  private static let masks: [AttentionMask] = [.none, AttentionMask(left: 8, right: 8), .causal]

  private func random(_ shape: Shape, _ seed: UInt64, _ context: Context) -> Tensor {
    let tensor = context.empty(shape)
    var random = Random(seed: seed)
    for index in 0..<tensor.count { tensor.pointer(as: Float.self)[index] = Float(random.uniform() * 4 - 2) }
    return tensor
  }

  private func values(_ tensor: Tensor, _ context: Context) -> [Float] {
    let whole = context.contiguous(tensor)
    return withExtendedLifetime(whole) {
      Array(UnsafeBufferPointer(start: whole.pointer(as: Float.self), count: whole.count))
    }
  }

  @Test(arguments: masks) func equalsTheDefinition(_ mask: AttentionMask) throws {
    for (heads, kvHeads, headDim) in [(3, 3, 32), (4, 2, 8), (2, 1, 20)] {
      let context = Context(threads: 2)
      let lengths = [1, 7, 300, 16, 40]
      let core = try DenseAttention(heads: heads, kvHeads: kvHeads, headDim: headDim, mask: mask)
      let attention = try SequenceAttention(core: core, lengths: lengths, context: context)
      let rows = lengths.reduce(0, +)
      // Keys lie between other columns, as they do in a fused projection; the second layer has other tensors.
      for layer in 0..<2 {
        let q = random([rows, heads * headDim], UInt64(layer), context)
        let both = random([rows, 2 * kvHeads * headDim], UInt64(layer + 7), context)
        let (k, v) = (
          both.sliced(axis: 1, 0..<kvHeads * headDim), both.sliced(axis: 1, kvHeads * headDim..<2 * kvHeads * headDim)
        )
        let o = try attention(q: q, k: k, v: v)
        let naive = NaiveAttention(heads: heads, kvHeads: kvHeads, headDim: headDim) { query, key in
          mask.left.map { key >= query - $0 } ?? true && mask.right.map { key <= query + $0 } ?? true
        }
        var start = 0
        for length in lengths {
          let range = start..<start + length
          func part(_ tensor: Tensor) -> [Float] { values(tensor.sliced(axis: 0, range), context) }
          let expected = naive(q: part(q), k: part(k), v: part(v)).o
          for (a, b) in zip(part(o), expected) { #expect(abs(Double(a) - b) < 2e-6 * max(1, abs(b))) }
          // Alone it has the same bits.
          let alone = try SequenceAttention(core: core, lengths: [length], context: Context(threads: 1))
          let single = try alone(
            q: q.sliced(axis: 0, range), k: k.sliced(axis: 0, range), v: v.sliced(axis: 0, range))
          #expect(values(single, context) == part(o))
          start += length
        }
      }
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let context = Context(threads: 1)
    let core = try DenseAttention(heads: 2, kvHeads: 2, headDim: 4, mask: .none)
    #expect(throws: MixerError.self) { try SequenceAttention(core: core, lengths: [3, 0], context: context) }
    #expect(throws: MixerError.self) { try SequenceAttention(core: core, lengths: [-1], context: context) }
    let attention = try SequenceAttention(core: core, lengths: [3, 2], context: context)
    let (fits, tooFew) = (random([5, 8], 1, context), random([4, 8], 1, context))
    #expect(throws: MixerError.self) { try attention(q: tooFew, k: fits, v: fits) }
    #expect(throws: MixerError.self) { try attention(q: fits, k: tooFew, v: fits) }
    #expect(throws: MixerError.self) {
      try attention(q: fits, k: fits, v: random([5, 6], 1, context))
    }
  }
}
