import Layers
import Mixers
import NumericTypes
import Tensors
import Testing
import VenturiTesting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Block top-k attention against its definition in Double, and what it must have in common with dense attention.
@Suite struct BlockTopKAttentionTests {
  struct Case: Sendable, CustomStringConvertible {
    var tokens: Int
    var heads: Int
    var kvHeads: Int
    var headDim: Int
    var blocks: Int
    var local: Int
    var keepsFirst = true

    var description: String {
      "\(tokens) H=\(heads)/\(kvHeads) d=\(headDim) \(blocks)+\(local)\(keepsFirst ? "" : ", first free")"
    }

    var core: BlockTopKAttention {
      get throws {
        try BlockTopKAttention(
          DenseAttention(heads: heads, kvHeads: kvHeads, headDim: headDim),
          budget: BlockBudget(blocks: blocks, local: local, keepsFirst: keepsFirst))
      }
    }

    func laws(_ dtype: DType = .f32) throws -> SequenceLaws {
      let layout = try KeyValueLayout(
        layers: 1, kvHeads: kvHeads, headDim: headDim, dtype: dtype, hasBlockMeans: true)
      var laws = SequenceLaws(core: try core) { try KeyValueCache(layout, capacity: $0, allocator: $1.allocator) }
      laws.answersFrom = answersFrom
      laws.tokens = tokens
      return laws
    }

    /// Half a sequence or more is an answer, which needs no budget at first.
    var answersFrom: Int { tokens / 2 }

    func inputs(_ seed: UInt64) -> SequenceInputs {
      SequenceInputs(widths: [heads * headDim, kvHeads * headDim, kvHeads * headDim], tokens: tokens, seed: seed)
    }
  }

  static let cases = [
    Case(tokens: 700, heads: 9, kvHeads: 3, headDim: 64, blocks: 8, local: 64),
    Case(tokens: 1025, heads: 4, kvHeads: 4, headDim: 20, blocks: 1, local: 1),
    Case(tokens: 523, heads: 3, kvHeads: 1, headDim: 80, blocks: 9, local: 200),
    Case(tokens: 257, heads: 16, kvHeads: 1, headDim: 16, blocks: 3, local: 17),
    Case(tokens: 2049, heads: 2, kvHeads: 2, headDim: 128, blocks: 40, local: 128),
    Case(tokens: 640, heads: 6, kvHeads: 2, headDim: 32, blocks: 5, local: 50, keepsFirst: false),
  ]

  /// The last row's output by definition: means, the best blocks by the group's largest score and the first one, softmax over what is
  /// seen.
  private static func naive(_ c: Case, _ s: SequenceInputs) -> [Double] {
    let (q, k, v) = (s.values[0], s.values[1], s.values[2])
    let (last, d, group, block) = (c.tokens - 1, c.headDim, c.heads / c.kvHeads, KeyValueLayout.blockTokens)
    var output: [Double] = []
    func key(_ token: Int, _ head: Int, _ i: Int) -> Double { Double(k[(token * c.kvHeads + head) * d + i]) }
    func query(_ head: Int, _ i: Int) -> Double { Double(q[(last * c.heads + head) * d + i]) }
    var seen: [[Int]] = []
    for head in 0..<c.kvHeads {
      let among = max(0, c.tokens - c.local) / block
      let scores = (0..<among).map { number in
        (0..<group).map { member in
          (0..<d).reduce(0.0) { sum, i in
            let mean = (0..<block).reduce(0.0) { $0 + key(number * block + $1, head, i) } / Double(block)
            return sum + query(head * group + member, i) * mean
          }
        }.max() ?? 0
      }
      let free = scores.indices.sorted { scores[$0] > scores[$1] }
      let best = c.keepsFirst ? ([0] + free.filter { $0 > 0 }).prefix(c.blocks) : free.prefix(c.blocks)
      seen.append(best.flatMap { $0 * block..<($0 + 1) * block } + Array(among * block..<c.tokens))
    }
    for head in 0..<c.heads {
      let tokens = seen[head / group]
      let scores = tokens.map { token in
        (0..<d).reduce(0.0) { $0 + query(head, $1) * key(token, head / group, $1) } / Double(d).squareRoot()
      }
      let top = scores.max() ?? 0
      let weights = scores.map { exp($0 - top) }
      let sum = weights.reduce(0, +)
      for i in 0..<d {
        output.append(
          zip(tokens, weights).reduce(0.0) { $0 + $1.1 / sum * Double(v[($1.0 * c.kvHeads + head / group) * d + i]) })
      }
    }
    return output
  }

  private static func last(_ outputs: [Float], _ c: Case) -> [Float] { Array(outputs.suffix(c.heads * c.headDim)) }

  @Test(arguments: cases) func aTokenSeesWhatTheDefinitionChooses(_ c: Case) throws {
    for seed in 0..<4 as Range<UInt64> {
      let inputs = c.inputs(seed)
      let o = try c.laws().run([inputs], [[c.tokens - 1], [1]], Context(threads: 2))[0]
      #expect(NaiveAttention.relativeError(Self.last(o, c), Self.naive(c, inputs)) <= 1e-5, "seed \(seed)")
      // It is not what all keys would give.
      var prompts = try c.laws()
      prompts.answersFrom = .max
      let dense = try prompts.run([inputs], [[c.tokens]], Context(threads: 2))[0]
      // A prompt's last row sees all, even where it comes alone.
      #expect(try prompts.run([inputs], [[c.tokens - 1], [1]], Context(threads: 1))[0] == dense)
      let differs = Self.last(o, c) != Self.last(dense, c)
      let prompt = c.answersFrom * c.heads * c.headDim
      let isSameBefore = o[..<prompt] == dense[..<prompt]
      #expect(differs && isSameBefore)
    }
  }

  @Test(arguments: cases) func enoughBlocksAreAllKeys(_ c: Case) throws {
    var enough = c
    enough.blocks = c.tokens / KeyValueLayout.blockTokens + 1
    let inputs = c.inputs(3)
    let sparse = try enough.laws().run([inputs], [[c.tokens - 1], [1]], Context(threads: 2))[0]
    var prompts = try enough.laws()
    prompts.answersFrom = .max
    #expect(try sparse == prompts.run([inputs], [[c.tokens]], Context(threads: 1))[0])
  }

  /// Chunks, guesses that are checked together, company, threads, kernels, cuts, forks, gathering and snapshots change no bit: what a
  /// row sees is a matter of its sequence.
  @Test(arguments: cases, [DType.f32, .f16]) func allLawsHold(_ c: Case, _ dtype: DType) throws {
    #expect(try c.laws(dtype).violations() == [])
  }

  @Test(arguments: cases) func kernelsChangeNoBit(_ c: Case) throws {
    for dtype in [DType.f32, .f16] {
      let (laws, inputs) = (try c.laws(dtype), c.inputs(4))
      let wanted = try laws.run([inputs], [[c.tokens]], Context(threads: 1))[0]
      for set in KernelSet.allCases where set.isSupported {
        let isSame = try laws.run([inputs], [[c.tokens]], Context(threads: 2, kernels: set))[0] == wanted
        #expect(isSame, "\(set), \(dtype)")
      }
    }
  }

  /// What is left out has no weight, so that attention to all keys gives the same to within the order of sums.
  @Test(arguments: cases) func whatIsBroughtTogetherIsTheSame(_ c: Case) throws {
    var nearly = c
    nearly.blocks = (c.tokens - c.local) / KeyValueLayout.blockTokens - 1
    var inputs = c.inputs(8)
    // Keys of block 2 point away from the last query, far enough to weigh nothing.
    for token in 32..<48 {
      for i in 0..<c.kvHeads * c.headDim { inputs.values[1][token * c.kvHeads * c.headDim + i] = -40 }
    }
    for i in 0..<c.heads * c.headDim {
      let place = (c.tokens - 1) * c.heads * c.headDim + i
      inputs.values[0][place] = abs(inputs.values[0][place]) + 0.5
    }
    var laws = try nearly.laws()
    laws.answersFrom = c.tokens - 1
    let ours = Self.last(try laws.run([inputs], [[c.tokens]], Context(threads: 2))[0], c)
    laws.answersFrom = .max
    let all = Self.last(try laws.run([inputs], [[c.tokens]], Context(threads: 2))[0], c)
    let size = all.map(abs).max() ?? 1
    #expect(zip(ours, all).allSatisfy { abs($0 - $1) <= 1e-5 * size })
  }

  @Test func whatIsWrittenFromOutsideHasMeans() throws {
    let c = Case(tokens: 500, heads: 3, kvHeads: 1, headDim: 32, blocks: 4, local: 20)
    let layout = try KeyValueLayout(layers: 1, kvHeads: 1, headDim: 32, hasBlockMeans: true)
    let (inputs, context, core, batch) = (c.inputs(1), Context(threads: 1), try c.core, BatchBox())
    func step(_ range: Range<Int>, _ state: any MixerState) throws -> [Float] {
      let values = inputs.tensors(range, context)
      try batch.begin(BatchLayout([.init(state: state, rows: range.count, answerRows: min(1, range.count % 499))]))
      let o = try core(q: values[0], k: values[1], v: values[2], layer: 0, batch: batch, context: context).floats
      batch.commit()
      return o
    }
    func state() throws -> KeyValueCache { try KeyValueCache(layout, capacity: 2000, allocator: context.allocator) }
    let origin = try state()
    _ = try step(0..<499, origin)
    let (k, v) = try origin.export(0..<499, context: context)
    let imported = try state()
    try imported.import(k: k, v: v)
    #expect(try step(499..<500, imported) == step(499..<500, origin))
  }

  @Test func whatCannotBeIsRefused() throws {
    #expect(throws: MixerError.self) { try BlockBudget(blocks: 0, local: 16) }
    #expect(throws: MixerError.self) { try BlockBudget(blocks: 1, local: 0) }
    #expect(throws: MixerError.self) { try BlockBudget(blocks: 1 << 40, local: 1) }
    let budget = try BlockBudget(blocks: 4, local: 16)
    #expect(budget.description == "block:16x4+16")
    let free = try BlockBudget(blocks: 4, local: 16, keepsFirst: false)
    #expect(free.description == "block:16x4+16:free" && free != budget)
    for one in [budget, free] { #expect(try BlockBudget(parsing: one.description) == one) }
    for text in [
      "", "block:8x4+16", "block:16x4", "block:16xa+16", "top:512", "block:16x4+16+1", "block:16x4+16:", ":free",
      "block:16x:free",
    ] {
      #expect(try BlockBudget(parsing: text) == nil, "\(text)")
    }
    for mask in [AttentionMask.sliding(20), .none] {
      let dense = try DenseAttention(heads: 2, kvHeads: 1, headDim: 16, mask: mask)
      #expect(throws: MixerError.self) { try BlockTopKAttention(dense, budget: budget) }
    }
    let biased = try DenseAttention(heads: 2, kvHeads: 1, headDim: 16, slopes: [1, 2])
    #expect(throws: MixerError.self) { try BlockTopKAttention(biased, budget: budget) }
    // Keys of 8 bits are turned, so that queries do not meet their means; a cache without means has none to choose by.
    #expect(throws: MixerError.unexpectedType(argument: "dtype", .i8)) {
      try KeyValueLayout(layers: 1, kvHeads: 1, headDim: 16, dtype: .i8, hasBlockMeans: true)
    }
    let core = try BlockTopKAttention(DenseAttention(heads: 1, kvHeads: 1, headDim: 16), budget: budget)
    let context = Context(threads: 1)
    let plain = try KeyValueCache(layers: 1, kvHeads: 1, headDim: 16, capacity: 9, allocator: context.allocator)
    let (batch, x) = (BatchBox(), context.zeros([1, 16]))
    #expect(throws: MixerError.invalidSetting(field: "answerRows of run 0", value: 2, expected: "0…1")) {
      try BatchLayout([.init(state: plain, rows: 1, answerRows: 2)])
    }
    try batch.begin(BatchLayout([.init(state: plain, rows: 1)]))
    #expect(throws: MixerError.self) {
      try core(q: x, k: x, v: x, layer: 0, batch: batch, context: context)
    }
  }
}
