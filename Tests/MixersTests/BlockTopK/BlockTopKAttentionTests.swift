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

    var description: String { "\(tokens) H=\(heads)/\(kvHeads) d=\(headDim) \(blocks)+\(local)" }

    var core: BlockTopKAttention {
      get throws {
        try BlockTopKAttention(
          DenseAttention(heads: heads, kvHeads: kvHeads, headDim: headDim),
          budget: BlockBudget(blocks: blocks, local: local))
      }
    }

    func laws(_ dtype: DType = .f32) throws -> SequenceLaws {
      let layout = try KeyValueLayout(
        layers: 1, kvHeads: kvHeads, headDim: headDim, dtype: dtype, hasBlockMeans: true)
      return SequenceLaws(core: try core) { try KeyValueCache(layout, capacity: $0, allocator: $1.allocator) }
    }

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
  ]

  /// The last row's output by definition: means, the best blocks by the group's largest score, softmax over what is seen.
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
      let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(c.blocks)
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
      let dense = try c.laws().run([inputs], [[c.tokens]], Context(threads: 2))[0]
      let differs = Self.last(o, c) != Self.last(dense, c)
      let isSameBefore = o.dropLast(c.heads * c.headDim) == dense.dropLast(c.heads * c.headDim)
      #expect(differs && isSameBefore)
    }
  }

  @Test(arguments: cases) func enoughBlocksAreAllKeys(_ c: Case) throws {
    var enough = c
    enough.blocks = c.tokens / KeyValueLayout.blockTokens + 1
    let inputs = c.inputs(3)
    let sparse = try enough.laws().run([inputs], [[c.tokens - 1], [1]], Context(threads: 2))[0]
    #expect(try sparse == enough.laws().run([inputs], [[c.tokens]], Context(threads: 1))[0])
  }

  /// One block less than there are: what is left out has no weight, so the bits of what is brought together are those of dense
  /// attention to within the order of sums.
  @Test(arguments: cases) func whatIsBroughtTogetherIsTheSame(_ c: Case) throws {
    var nearly = c
    let among = (c.tokens - c.local) / KeyValueLayout.blockTokens
    nearly.blocks = among - 1
    var inputs = c.inputs(8)
    // Keys of block 2 point away from every query, far enough to weigh nothing.
    for token in 32..<48 {
      for i in 0..<c.kvHeads * c.headDim { inputs.values[1][token * c.kvHeads * c.headDim + i] = -40 }
    }
    for i in 0..<c.heads * c.headDim {
      let place = (c.tokens - 1) * c.heads * c.headDim + i
      inputs.values[0][place] = abs(inputs.values[0][place]) + 0.5
    }
    let sparse = try nearly.laws().run([inputs], [[c.tokens - 1], [1]], Context(threads: 2))[0]
    let dense = try nearly.laws().run([inputs], [[c.tokens]], Context(threads: 2))[0]
    let (ours, all) = (Self.last(sparse, c), Self.last(dense, c))
    let size = all.map(abs).max() ?? 1
    #expect(zip(ours, all).allSatisfy { abs($0 - $1) <= 1e-5 * size })
  }

  @Test(arguments: [DType.f32, .f16]) func companyThreadsAndKernelsChangeNoBit(_ dtype: DType) throws {
    let c = Case(tokens: 600, heads: 6, kvHeads: 2, headDim: 48, blocks: 6, local: 40)
    let laws = try c.laws(dtype)
    let all = (0..<3).map { c.inputs(UInt64($0)) }
    let alone = try all.map { try laws.run([$0], [[590]] + [[Int]](repeating: [1], count: 10), Context(threads: 1))[0] }
    // Beside each other, beside a prompt that is read, in another order of turns.
    for threads in [1, 2] {
      let rounds = [[590, 300, 0], [1, 290, 590]] + [[Int]](repeating: [1, 1, 1], count: 9) + [[0, 1, 1]]
      let found = try laws.run(all, rounds, Context(threads: threads))
      for index in 0..<3 {
        let isSame = found[index] == alone[index]
        #expect(isSame, "sequence \(index), \(threads) threads")
      }
    }
    for set in KernelSet.allCases where set.isSupported {
      let found = try laws.run([all[0]], [[590], [1], [1]], Context(threads: 2, kernels: set))[0]
      let isSame = found.suffix(2 * 6 * 48) == alone[0][590 * 6 * 48..<592 * 6 * 48]
      #expect(isSame, "\(set)")
    }
  }

  @Test func whatAStateCanDoKeepsTheMeans() throws {
    let c = Case(tokens: 500, heads: 3, kvHeads: 1, headDim: 32, blocks: 4, local: 20)
    let layout = try KeyValueLayout(layers: 1, kvHeads: 1, headDim: 32, hasBlockMeans: true)
    let (inputs, other, context) = (c.inputs(1), c.inputs(2), Context(threads: 1))
    let (core, batch) = (try c.core, BatchBox())
    func step(_ sequence: SequenceInputs, _ range: Range<Int>, _ state: any MixerState) throws -> [Float] {
      let values = sequence.tensors(range, context)
      try batch.begin(BatchLayout([.init(state: state, rows: range.count)]))
      let o = try core(q: values[0], k: values[1], v: values[2], layer: 0, batch: batch, context: context).floats
      batch.commit()
      return o
    }
    func state(_ count: Int) throws -> KeyValueCache {
      let state = try KeyValueCache(layout, capacity: 2000, allocator: context.allocator)
      _ = try step(inputs, 0..<count, state)
      return state
    }
    let wanted = try step(inputs, 499..<500, state(499))
    let cut = try state(311)
    _ = try step(other, 311..<480, cut)
    try cut.truncate(to: 311)
    _ = try step(inputs, 311..<499, cut)
    #expect(try step(inputs, 499..<500, cut) == wanted, "truncated")
    let origin = try state(311)
    let fork = try origin.fork()
    _ = try step(other, 311..<480, origin)
    _ = try step(inputs, 311..<499, fork)
    #expect(try step(inputs, 499..<500, fork) == wanted, "forked")
    let gathered = try state(499)
    _ = try step(other, 499..<500, gathered)
    try gathered.gather([5] + Array(1..<499))
    try gathered.gather(Array(0..<499))
    #expect(try step(inputs, 499..<500, gathered) != [], "gathered")
    // What is written from outside has means too.
    let (k, v) = try state(499).export(0..<499, context: context)
    let imported = try KeyValueCache(layout, capacity: 2000, allocator: context.allocator)
    try imported.import(k: k, v: v)
    #expect(try step(inputs, 499..<500, imported) == wanted, "imported")
  }

  @Test func whatCannotBeIsRefused() throws {
    #expect(throws: MixerError.self) { try BlockBudget(blocks: 0, local: 16) }
    #expect(throws: MixerError.self) { try BlockBudget(blocks: 1, local: 0) }
    #expect(throws: MixerError.self) { try BlockBudget(blocks: 1 << 40, local: 1) }
    let budget = try BlockBudget(blocks: 4, local: 16)
    #expect(budget.description == "block:16x4+16")
    #expect(try BlockBudget(parsing: budget.description) == budget)
    for text in ["", "block:8x4+16", "block:16x4", "block:16xa+16", "top:512", "block:16x4+16+1"] {
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
    try batch.begin(BatchLayout([.init(state: plain, rows: 1)]))
    #expect(throws: MixerError.self) {
      try core(q: x, k: x, v: x, layer: 0, batch: batch, context: context)
    }
  }
}
