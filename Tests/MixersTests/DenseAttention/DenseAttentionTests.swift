import Layers
import Mixers
import Tensors
import Testing

/// Dense attention through its cache against a naive evaluation in Double, and its bit-equality laws.
@Suite struct DenseAttentionTests {
  struct Case: Sendable, CustomStringConvertible {
    var tokens: Int, heads: Int, kvHeads: Int, width: Int
    var mask = AttentionMask.causal
    var biased = false
    var description: String { "N=\(tokens) H=\(heads)/\(kvHeads) d=\(width) \(mask) bias=\(biased)" }
    var slopes: [Float]? { biased ? (0..<heads).map { 0.5 / Float($0 + 1) } : nil }
    var core: DenseAttention {
      get throws { try DenseAttention(heads: heads, kvHeads: kvHeads, headDim: width, mask: mask, slopes: slopes) }
    }
  }

  struct Sequence {
    var q: [Float], k: [Float], v: [Float]
    init(_ c: Case, seed: UInt64, amplitude: Double = 2) {
      var random = Random(seed: seed)
      func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float((random.uniform() - 0.5) * amplitude) } }
      q = numbers(c.tokens * c.heads * c.width)
      k = numbers(c.tokens * c.kvHeads * c.width)
      v = numbers(c.tokens * c.kvHeads * c.width)
    }
  }

  static let cases: [Case] = {
    var cases: [Case] = []
    for (index, tokens) in [1, 2, 15, 16, 17, 63, 255, 256, 257, 300, 513].enumerated() {
      for (step, heads) in [(2, 2), (3, 1), (9, 1)].enumerated() {
        let width = [16, 64, 80, 128][(index + step) % 4]
        cases.append(Case(tokens: tokens, heads: heads.0, kvHeads: heads.1, width: width))
        cases.append(Case(tokens: tokens, heads: heads.0, kvHeads: heads.1, width: width, mask: .sliding(20)))
        cases.append(Case(tokens: tokens, heads: heads.0, kvHeads: heads.1, width: width, mask: .none))
      }
    }
    cases.append(Case(tokens: 1025, heads: 3, kvHeads: 1, width: 64))
    cases.append(Case(tokens: 1025, heads: 1, kvHeads: 1, width: 80, mask: .sliding(300)))
    cases.append(Case(tokens: 300, heads: 6, kvHeads: 2, width: 20, biased: true))
    return cases
  }()

  static func tensor(_ values: ArraySlice<Float>, rows: Int, _ context: Context) -> Tensor {
    let tensor = context.empty([rows, values.count / rows])
    for (index, value) in values.enumerated() { tensor.pointer(as: Float.self)[index] = value }
    return tensor
  }

  /// Evaluates `sequences` in steps: at step i each sequence takes its chunks[i] rows, all in one call.
  static func evaluate(
    _ c: Case, _ sequences: [Sequence], chunks: [[Int]], threads: Int = 2, kernels: KernelSet = .preferred,
    half: Bool = false
  ) throws -> [[Float]] {
    let context = Context(threads: threads, kernels: kernels)
    let core = try c.core
    let caches = try sequences.map { _ in
      try KeyValueCache(
        layers: 1, kvHeads: c.kvHeads, headDim: c.width, dtype: half ? .f16 : .f32, capacity: c.tokens,
        allocator: context.allocator)
    }
    var outputs = [[Float]](repeating: [], count: sequences.count)
    let batch = BatchBox()
    let (wide, narrow) = (c.heads * c.width, c.kvHeads * c.width)
    for step in chunks {
      let members = step.indices.filter { step[$0] > 0 }
      let rows = members.reduce(0) { $0 + step[$1] }
      var q: [Float] = []
      var k: [Float] = []
      var v: [Float] = []
      for index in members {
        let range = caches[index].tokens..<caches[index].tokens + step[index]
        q += sequences[index].q[range.lowerBound * wide..<range.upperBound * wide]
        k += sequences[index].k[range.lowerBound * narrow..<range.upperBound * narrow]
        v += sequences[index].v[range.lowerBound * narrow..<range.upperBound * narrow]
      }
      try batch.begin(BatchLayout(members.map { .init(state: caches[$0], rows: step[$0]) }))
      let o = try core(
        q: tensor(q[...], rows: rows, context), k: tensor(k[...], rows: rows, context),
        v: tensor(v[...], rows: rows, context), layer: 0, batch: batch, context: context)
      batch.commit()
      var row = 0
      for index in members {
        let values = UnsafeBufferPointer(start: o.pointer(as: Float.self) + row * wide, count: step[index] * wide)
        outputs[index] += values
        row += step[index]
      }
    }
    return outputs
  }

  static func naive(_ c: Case, _ s: Sequence) -> [Double] {
    let (wide, narrow, group) = (c.heads * c.width, c.kvHeads * c.width, c.heads / c.kvHeads)
    var result = [Double](repeating: 0, count: c.tokens * wide)
    let scale = 1 / Double(c.width).squareRoot()
    for row in 0..<c.tokens {
      let first = max(0, c.mask.left.map { row - $0 } ?? 0)
      let last = min(c.tokens - 1, c.mask.right.map { row + $0 } ?? c.tokens - 1)
      for head in 0..<c.heads {
        let at = row * wide + head * c.width
        let other = head / group * c.width
        var scores: [Double] = []
        for key in first...last {
          var sum = 0.0
          for i in 0..<c.width { sum += Double(s.q[at + i]) * Double(s.k[key * narrow + other + i]) }
          scores.append(sum * scale + Double(c.slopes?[head] ?? 0) * Double(key - row))
        }
        let top = scores.max() ?? 0
        // e^x by halving the argument to where its series is short, so that the oracle shares nothing with the kernels.
        let weights = scores.map { exponential($0 - top) }
        let total = weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
          for i in 0..<c.width {
            result[at + i] += weight / total * Double(s.v[(first + index) * narrow + other + i])
          }
        }
      }
    }
    return result
  }

  static func exponential(_ x: Double) -> Double {
    if x < -700 { return 0 }
    let small = x / 1024
    var term = 1.0
    var sum = 1.0
    for n in 1...20 {
      term *= small / Double(n)
      sum += term
    }
    for _ in 0..<10 { sum *= sum }
    return sum
  }

  static func error(_ values: [Float], _ oracle: [Double]) -> Double {
    var difference = 0.0
    var norm = 0.0
    for (value, exact) in zip(values, oracle) {
      difference += (Double(value) - exact) * (Double(value) - exact)
      norm += exact * exact
    }
    return (difference / norm).squareRoot()
  }

  @Test func thereAreEnoughCases() { #expect(Self.cases.count >= 100) }

  @Test(arguments: cases) func agreesWithDouble(_ c: Case) throws {
    let sequence = Sequence(c, seed: UInt64(c.tokens))
    let o = try Self.evaluate(c, [sequence], chunks: [[c.tokens]])[0]
    #expect(o.count == c.tokens * c.heads * c.width)
    #expect(Self.error(o, Self.naive(c, sequence)) <= 1e-5)
  }

  @Test func hugeLogitsStayFinite() throws {
    let c = Case(tokens: 300, heads: 3, kvHeads: 1, width: 64)
    let sequence = Sequence(c, seed: 4, amplitude: 200)
    let o = try Self.evaluate(c, [sequence], chunks: [[c.tokens]])[0]
    #expect(o.allSatisfy { $0.isFinite })
    #expect(Self.error(o, Self.naive(c, sequence)) <= 1e-2)
  }

  @Test(arguments: [false, true]) func chunksThreadsAndCompanyChangeNoBit(half: Bool) throws {
    for mask in [AttentionMask.causal, .sliding(70)] {
      let c = Case(tokens: 600, heads: 9, kvHeads: 3, width: 64, mask: mask)
      let sequences = (1...3).map { Sequence(c, seed: UInt64($0)) }
      let whole = try sequences.map { try Self.evaluate(c, [$0], chunks: [[600]], threads: 1, half: half)[0] }
      let mixed = [[256, 1, 100], [1, 300, 0], [2, 0, 1], [100, 7, 255], [241, 292, 244]]
      for threads in [1, 2] {
        let together = try Self.evaluate(c, sequences, chunks: mixed, threads: threads, half: half)
        for (one, other) in zip(whole, together) { #expect(one.map(\.bitPattern) == other.map(\.bitPattern)) }
        let steps = [[580]] + [[Int]](repeating: [1], count: 20)
        let decoded = try Self.evaluate(c, [sequences[0]], chunks: steps, threads: threads, half: half)[0]
        #expect(whole[0].map(\.bitPattern) == decoded.map(\.bitPattern))
      }
    }
  }

  @Test(arguments: [false, true]) func twinsAgreeBitForBit(half: Bool) throws {
    for c in [
      Case(tokens: 270, heads: 3, kvHeads: 1, width: 20),
      Case(tokens: 40, heads: 5, kvHeads: 1, width: 64, biased: true),
    ] {
      let sequence = Sequence(c, seed: 9)
      let chunks = [[c.tokens - 3], [1], [2]]
      let fast = try Self.evaluate(c, [sequence], chunks: chunks, half: half)[0]
      let twin = try Self.evaluate(c, [sequence], chunks: chunks, kernels: .reference, half: half)[0]
      #expect(fast.map(\.bitPattern) == twin.map(\.bitPattern))
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    #expect(throws: MixerError.headsNotDivisible(heads: 4, kvHeads: 3)) {
      try DenseAttention(heads: 4, kvHeads: 3, headDim: 64)
    }
    #expect(throws: MixerError.self) { try DenseAttention(heads: 4, kvHeads: 2, headDim: 0) }
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
