import Layers
import Mixers
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// Dense attention through its cache against its definition in Double, and the laws of attention cores.
@Suite struct DenseAttentionTests {
  static let cases: [AttentionShape] = {
    var cases: [AttentionShape] = []
    for (index, tokens) in [1, 2, 15, 16, 17, 63, 255, 256, 257, 300, 513].enumerated() {
      for (step, heads) in [(2, 2), (3, 1), (9, 1)].enumerated() {
        let width = [16, 64, 80, 128][(index + step) % 4]
        for mask in [AttentionMask.causal, .sliding(20), .none] {
          cases.append(AttentionShape(tokens, heads: heads.0, kvHeads: heads.1, headDim: width, mask: mask))
        }
      }
    }
    cases.append(AttentionShape(1025, heads: 3, kvHeads: 1, headDim: 64))
    cases.append(AttentionShape(1025, heads: 1, kvHeads: 1, headDim: 80, mask: .sliding(300)))
    cases.append(AttentionShape(300, heads: 6, kvHeads: 2, headDim: 20, biased: true))
    for limit: Float in [0.05, 1, 50] {
      cases.append(AttentionShape(300, heads: 6, kvHeads: 2, headDim: 20, mask: .sliding(90), softcap: limit))
    }
    return cases
  }()

  @Test func thereAreEnoughCases() { #expect(Self.cases.count >= 100) }

  @Test(arguments: cases) func agreesWithDouble(_ c: AttentionShape) throws {
    let sequence = SequenceInputs(widths: c.widths, tokens: c.keys, seed: UInt64(c.keys))
    let o = try c.laws(.f32).run([sequence], [[c.keys]], Context(threads: 2))[0]
    let (q, k, v) = (sequence.values[0], sequence.values[1], sequence.values[2])
    #expect(NaiveAttention.relativeError(o, c.oracle(q: q, k: k, v: v).o) <= 1e-5)
  }

  /// Each number of a turned vector is off by at most half a step, max/254; outputs are means of values, and a score's error
  /// changes the weights by about as much.
  @Test(arguments: cases) func integersComeNear(_ c: AttentionShape) throws {
    let sequence = SequenceInputs(widths: c.widths, tokens: c.keys, seed: UInt64(c.keys))
    let o = try c.laws(.i8).run([sequence], [[c.keys]], Context(threads: 2))[0]
    let (q, k, v) = (sequence.values[0], sequence.values[1], sequence.values[2])
    let error = NaiveAttention.relativeError(o, c.oracle(q: q, k: k, v: v).o)
    #expect(error <= 0.02 && error > 1e-6)
  }

  @Test func oneLargeNumberDoesNotCoarsenTheOthers() throws {
    let c = AttentionShape(200, heads: 3, kvHeads: 1, headDim: 64)
    var sequence = SequenceInputs(widths: c.widths, tokens: c.keys, seed: 8)
    // A dimension of the keys that stands far out, as models have them; queries are small there.
    for token in 0..<c.keys { sequence.values[1][token * 64 + 5] = 30 }
    for row in 0..<c.keys * 3 { sequence.values[0][row * 64 + 5] *= 0.01 }
    let (q, k, v) = (sequence.values[0], sequence.values[1], sequence.values[2])
    let o = try c.laws(.i8).run([sequence], [[c.keys]], Context(threads: 1))[0]
    // With a scale of 30/127 for all, most of the other numbers would be 0 or ±1 steps.
    #expect(NaiveAttention.relativeError(o, c.oracle(q: q, k: k, v: v).o) <= 0.015)
  }

  @Test(arguments: [DType.f16, .f32, .i8]) func obeysTheLawsOfCores(dtype: DType) throws {
    for mask in [AttentionMask.causal, .sliding(70)] {
      let c = AttentionShape(600, heads: 9, kvHeads: 3, headDim: 64, mask: mask)
      #expect(try c.laws(dtype).violations() == [])
    }
    #expect(try AttentionShape(270, heads: 5, kvHeads: 1, headDim: 20, biased: true).laws(dtype).violations() == [])
    #expect(try AttentionShape(300, heads: 2, kvHeads: 2, headDim: 16, mask: .none).laws(dtype).violations() == [])
    #expect(try AttentionShape(270, heads: 4, kvHeads: 2, headDim: 16, softcap: 0.3).laws(dtype).violations() == [])
  }

  @Test func theLawsNoticeACoreThatLeaksOrForgets() throws {
    let c = AttentionShape(300, heads: 3, kvHeads: 1, headDim: 16)
    var laws = try c.laws(.f32)
    let apply = laws.apply
    laws.apply = { inputs, batch, context in
      // The first row of a call sees nothing of the past.
      let o = try apply(inputs, batch, context)
      o.pointer(as: Float.self)[0] = 0
      return o
    }
    #expect(try !laws.violations().isEmpty)
  }

  @Test func hugeLogitsStayFinite() throws {
    let c = AttentionShape(300, heads: 3, kvHeads: 1, headDim: 64)
    let s = SequenceInputs(widths: c.widths, tokens: 300, seed: 4, amplitude: 100)
    let o = try c.laws(.f32).run([s], [[300]], Context(threads: 2))[0]
    #expect(o.allSatisfy { $0.isFinite })
    #expect(NaiveAttention.relativeError(o, c.oracle(q: s.values[0], k: s.values[1], v: s.values[2]).o) <= 1e-2)
  }

  @Test func nothingIsAddedToASequenceUnderAMaskThatLooksAhead() throws {
    let context = Context(threads: 1)
    for mask in [AttentionMask.none, AttentionMask(left: 4, right: 1)] {
      let c = AttentionShape(9, heads: 1, kvHeads: 1, headDim: 16, mask: mask)
      let laws = try c.laws(.f32)
      let s = SequenceInputs(widths: c.widths, tokens: 9, seed: 1)
      _ = try laws.run([s], [[9]], context)
      #expect(throws: MixerError.looksAhead(run: 0, position: 5)) { try laws.run([s], [[5], [4]], context) }
      #expect(throws: MixerError.looksAhead(run: 1, position: 5)) {
        try laws.run([s, s], [[0, 5], [9, 4]], context)
      }
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    #expect(throws: MixerError.headsNotDivisible(heads: 4, kvHeads: 3)) {
      try DenseAttention(heads: 4, kvHeads: 3, headDim: 64)
    }
    for wrong in [
      { try DenseAttention(heads: 4, kvHeads: 2, headDim: 0) },
      { try DenseAttention(heads: 0, kvHeads: 1, headDim: 8) },
      { try DenseAttention(heads: 4, kvHeads: 2, headDim: 8, mask: AttentionMask(left: -1, right: 0)) },
      { try DenseAttention(heads: 4, kvHeads: 2, headDim: 8, slopes: [1]) },
    ] {
      #expect(throws: MixerError.self) { try wrong() }
    }
    let context = Context(threads: 1)
    let cache = try KeyValueCache(layers: 1, kvHeads: 1, headDim: 16, capacity: 3, allocator: context.allocator)
    let batch = BatchBox()
    #expect(throws: MixerError.capacityExceeded(capacity: 3, requested: 4)) {
      try batch.begin(BatchLayout([.init(state: cache, rows: 4)]))
    }
    #expect(throws: MixerError.stateRepeated(run: 1)) {
      try BatchLayout([.init(state: cache, rows: 1), .init(state: cache, rows: 1)])
    }
    try batch.begin(BatchLayout([.init(state: cache, rows: 2)]))
    let core = try DenseAttention(heads: 2, kvHeads: 1, headDim: 16)
    #expect(throws: MixerError.self) {
      try core.attend(q: context.empty([2, 16]), layer: 0, batch: batch, context: context)
    }
    #expect(throws: MixerError.self) {
      try core.attend(q: context.empty([2, 32]), layer: 1, batch: batch, context: context)
    }
  }
}
