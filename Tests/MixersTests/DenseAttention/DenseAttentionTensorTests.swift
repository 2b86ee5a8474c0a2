import CVenturi
import Layers
import Mixers
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// Dense attention over whole tensors against its definition in Double.
@Suite struct DenseAttentionTensorTests {
  static let masks = [AttentionMask.causal, .none, AttentionMask(left: 20, right: 5), .sliding(40)]

  /// Every width with every group and every mask at small sizes that are no multiples of a tile; large sizes in turn.
  static let cases: [AttentionShape] = {
    var cases: [AttentionShape] = []
    let groups = [(2, 2), (3, 1), (9, 1)]
    let widths = [16, 64, 80, 128]
    for (turn, tokens) in [1, 7, 17, 49].enumerated() {
      for (heads, kvHeads) in groups {
        for width in widths {
          for (index, mask) in masks.enumerated() {
            let biased = (index + turn).isMultiple(of: 4)
            cases.append(
              AttentionShape(tokens, heads: heads, kvHeads: kvHeads, headDim: width, mask: mask, biased: biased))
          }
        }
      }
    }
    let large = [2, 15, 16, 31, 33, 63, 64, 65, 100, 127, 128, 129, 191, 193, 255, 256, 257, 300, 511, 513, 1025]
    for (turn, tokens) in large.enumerated() {
      let (heads, kvHeads) = tokens > 600 ? (3, 1) : groups[turn % 3]
      cases.append(
        AttentionShape(tokens, heads: heads, kvHeads: kvHeads, headDim: widths[turn % 4], mask: masks[turn / 3 % 4]))
    }
    for (turn, sizes) in [(1, 300), (5, 513), (40, 41), (257, 600), (30, 3), (300, 5), (2, 257), (8, 1025)].enumerated()
    {
      for mask in masks {
        let (heads, kvHeads) = groups[turn % 3]
        cases.append(
          AttentionShape(
            sizes.1, queries: sizes.0, heads: heads, kvHeads: kvHeads, headDim: widths[(turn + 1) % 4], mask: mask,
            biased: turn == 2))
      }
    }
    cases.append(AttentionShape(70, heads: 4, kvHeads: 2, headDim: 7))
    cases.append(AttentionShape(300, queries: 20, heads: 2, kvHeads: 1, headDim: 20))
    return cases
  }()

  @Test func thereAreEnoughCases() { #expect(Self.cases.count >= 240) }

  static func agree(_ found: (o: [Float], lse: [Float]), _ exact: (o: [Double], lse: [Double])) -> Bool {
    AttentionShape.error(found, exact) <= 1e-5
  }

  @Test(arguments: cases) func agreesWithDouble(_ c: AttentionShape) throws {
    let s = c.inputs(seed: UInt64(c.keys + c.queries))
    let found = try c.forward([s], Context(threads: 2))
    let exact = c.oracle(q: s.q, k: s.k, v: s.v)
    #expect(Self.agree(found, exact))
    for (row, lse) in exact.lse.enumerated() where lse == -.infinity {
      #expect(found.o[row * c.headDim..<(row + 1) * c.headDim].allSatisfy { $0 == 0 })
    }
    let alone = try c.forward([s], Context(threads: 1))
    #expect(alone.o == found.o && alone.lse == found.lse)
  }

  @Test func rowsWithoutKeysAreThereToBeTested() {
    let blind = Self.cases.filter { c in
      let s = c.inputs(seed: 1)
      return c.queries > c.keys && c.oracle(q: s.q, k: s.k, v: s.v).lse.contains(-.infinity)
    }
    #expect(blind.count >= 4)
  }

  @Test func sequencesOfABatchAreApart() throws {
    let context = Context(threads: 2)
    let c = AttentionShape(70, queries: 33, heads: 6, kvHeads: 2, headDim: 16)
    let sequences = (1...3).map { c.inputs(seed: $0) }
    let together = try c.forward(sequences, context)
    let alone = try sequences.map { try c.forward([$0], context) }
    #expect(together.o == alone.flatMap(\.o) && together.lse == alone.flatMap(\.lse))
  }

  @Test func theCacheGivesTheSameBits() throws {
    for tokens in [40, 300, 600] {
      let c = AttentionShape(tokens, heads: 9, kvHeads: 3, headDim: 64, mask: .sliding(280), biased: tokens == 300)
      let s = SequenceInputs(widths: c.widths, tokens: tokens, seed: 8)
      let cached = try c.laws(.f32).run([s], [[tokens]], Context(threads: 2))[0]
      #expect(try c.forward([(s.values[0], s.values[1], s.values[2])], Context(threads: 2)).o == cached)
    }
  }

  @Test(arguments: masks) func packedSequencesAreAsEachAlone(_ mask: AttentionMask) throws {
    let context = Context(threads: 2)
    let lengths = [(3, 3), (1, 300), (0, 5), (257, 257), (7, 2), (4, 0), (64, 100)]
    let parts = lengths.map { AttentionShape($1, queries: $0, heads: 6, kvHeads: 2, headDim: 16, mask: mask) }
    let inputs = parts.enumerated().map { $1.inputs(seed: UInt64($0)) }
    let (o, lse) = try AttentionShape.packed(parts, inputs, context)
    let alone = try zip(parts, inputs).map { try $0.forward([$1], context) }
    #expect(o == alone.flatMap(\.o) && lse == alone.flatMap(\.lse))
    let exact = zip(parts, inputs).map { $0.oracle(q: $1.q, k: $1.k, v: $1.v) }
    #expect(Self.agree((o, lse), (exact.flatMap(\.o), exact.flatMap(\.lse))))
  }

  @Test func hugeLogitsStayFinite() throws {
    for mask in [AttentionMask.causal, .none] {
      let c = AttentionShape(300, heads: 3, kvHeads: 1, headDim: 64, mask: mask)
      let s = c.inputs(seed: 4, amplitude: 70)
      let exact = c.oracle(q: s.q, k: s.k, v: s.v)
      #expect((exact.lse.max() ?? 0) > 4e3)
      for sign: Float in [1, -1] {  // far above 0 and far below
        let k = s.k.map { abs($0) * sign }
        let q = s.q.map { abs($0) * 3 }
        let found = try c.forward([(q, k, s.v)], Context(threads: 2))
        let wanted = c.oracle(q: q, k: k, v: s.v)
        #expect((wanted.lse.map(abs).max() ?? 0) > 1e4)
        #expect(found.o.allSatisfy { $0.isFinite } && found.lse.allSatisfy { $0.isFinite })
        #expect(NaiveAttention.relativeError(found.o, wanted.o) <= 1e-2)
      }
    }
  }

  @Test func whatIsNotANumberStaysInItsRow() throws {
    let c = AttentionShape(300, heads: 3, kvHeads: 1, headDim: 16)
    var s = c.inputs(seed: 2)
    let clean = try c.forward([s], Context(threads: 2)).o
    let row = 270
    s.q[row * 48 + 16] = .nan  // head 1
    for kernels in KernelSet.allCases where kernels.isSupported {
      let found = try c.forward([s], Context(threads: 2, kernels: kernels)).o
      for index in found.indices {
        let hit = index / 48 == row && index % 48 / 16 == 1
        #expect(hit ? found[index].isNaN : found[index] == clean[index])
      }
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    let context = Context(threads: 1)
    let core = try DenseAttention(heads: 4, kvHeads: 2, headDim: 16)
    let q = context.empty([2, 4, 5, 16])
    let kv = context.empty([2, 2, 9, 16])
    _ = try core.forward(q: q, k: kv, v: kv, context: context)
    let wrong: [(Tensor, Tensor, Tensor)] = [
      (context.empty([2, 3, 5, 16]), kv, kv), (context.empty([2, 4, 5, 8]), kv, kv),
      (context.empty([4, 5, 16]), kv, kv), (q, context.empty([1, 2, 9, 16]), kv),
      (q, context.empty([2, 4, 9, 16]), kv),
      (q, kv, context.empty([2, 2, 8, 16])), (q, kv, context.empty([2, 2, 9, 32])),
      (context.empty([2, 4, 16, 5]).transposed(2, 3), kv, kv), (q, context.empty([2, 2, 16, 9]).transposed(2, 3), kv),
      (context.empty([2, 4, 5, 16], .f16), kv, kv), (q, kv, context.empty([2, 2, 9, 16], .bf16)),
    ]
    for (q, k, v) in wrong {
      #expect(throws: MixerError.self) { try core.forward(q: q, k: k, v: v, context: context) }
    }
    let rows = context.empty([6, 4, 16])
    let keys = context.empty([9, 2, 16])
    _ = try core.forward(q: rows, k: keys, v: keys, queryEnds: [2, 6], keyEnds: [4, 9], context: context)
    let lists: [([Int], [Int])] = [
      ([2, 5], [4, 9]), ([2, 6], [4, 8]), ([2, 6], [9]), ([6, 2], [4, 9]), ([-1, 6], [4, 9]), ([2, 7], [4, 9]),
      ([], []),
    ]
    for (queryEnds, keyEnds) in lists {
      #expect(throws: MixerError.self) {
        try core.forward(q: rows, k: keys, v: keys, queryEnds: queryEnds, keyEnds: keyEnds, context: context)
      }
    }
  }

  @Test func emptyTensorsGiveEmptyOrBlindRows() throws {
    let context = Context(threads: 2)
    let core = try DenseAttention(heads: 2, kvHeads: 1, headDim: 16)
    let none = try core.forward(
      q: context.empty([1, 2, 0, 16]), k: context.empty([1, 1, 4, 16]), v: context.empty([1, 1, 4, 16]),
      context: context)
    #expect(none.o.count == 0 && none.lse.count == 0)
    let blind = try core.forward(
      q: context.empty([1, 2, 3, 16]), k: context.empty([1, 1, 0, 16]), v: context.empty([1, 1, 0, 16]),
      context: context)
    #expect(blind.o.floats.allSatisfy { $0 == 0 } && blind.lse.floats.allSatisfy { $0 == -.infinity })
  }

  @Test func extraMemoryDoesNotGrowWithTheSequence() throws {
    let core = try DenseAttention(heads: 9, kvHeads: 3, headDim: 64)
    var extra: [Int] = []
    for tokens in [1024, 4096] {
      let context = Context(threads: 2)
      let q = context.empty([1, 9, tokens, 64])
      let k = context.empty([1, 3, tokens, 64])
      for tensor in [q, k] {
        for index in 0..<tensor.count { tensor.pointer(as: Float.self)[index] = 0.01 * Float(index % 17) }
      }
      context.allocator.resetPeak()
      let before = context.allocator.liveBytes
      let (o, lse) = try core.forward(q: q, k: k, v: k, context: context)
      let results = context.allocator.liveBytes - before
      #expect(results >= (o.count + lse.count) * 4)
      extra.append(context.allocator.peakLiveBytes - before - results)
    }
    #expect(extra.allSatisfy { $0 > 100_000 && $0 <= 2 << 20 })
    #expect(extra[1] <= extra[0] + 64 << 10)  // the list of blocks only
  }

  @Test func powersOfTwoAreWithinTwoUnits() {
    let steps = 200_000
    let arguments = (0...steps).map { -100 * Float($0) / Float(steps) }
    for kernels in KernelSet.allCases where kernels.isSupported {
      var results = [Float](repeating: .nan, count: arguments.count)
      vt_attention_exp2(kernels.isa, arguments, &results, Int64(arguments.count))
      var worst = 0.0
      for (x, y) in zip(arguments, results) {
        let exact = NaiveAttention.exponential(Double(x) * 0.693147180559945309417)
        worst = max(worst, abs(Double(y) - exact) / Double(Float(exact).ulp))
      }
      #expect(worst <= 2)
      #expect(results[0] == 1)
      var least: [Float] = [-100, -100.001, -1e30, -.infinity, .nan]
      var edge = least
      vt_attention_exp2(kernels.isa, &least, &edge, 5)
      #expect(edge[0] > 0 && edge[1...3].allSatisfy { $0 == 0 } && edge[4].isNaN)
    }
  }
}
