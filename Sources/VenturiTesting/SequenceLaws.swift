import Layers
import Tensors

/// The laws of everything that mixes a sequence over a state: attention cores, sequence mixers, whole layers.
///
/// A sequence gives the same outputs in one run or in any chunks, alone or in a batch, on any number of threads, by fast
/// kernels or by their twins, and after its state was forked, cut back, gathered or restored.
///
/// ```swift
/// #expect(try SequenceLaws(core: core) { try KeyValueCache(layout, capacity: $0, allocator: $1.allocator) }.violations() == [])
/// ```
public struct SequenceLaws {
  /// Makes an empty state.
  public typealias MakeState = (_ capacity: Int, _ context: Context) throws -> any MixerState
  /// Computes [rows, out] from inputs [rows, width] for the rows of a batch.
  public typealias Apply = (_ inputs: [Tensor], _ batch: BatchBox, _ context: Context) throws -> Tensor

  /// The widths of the inputs.
  public var widths: [Int]
  /// Makes an empty state.
  public var makeState: MakeState
  /// The thing under test.
  public var apply: Apply
  /// The largest difference allowed between chunkings, relative to the largest output; 0 asks for the same bits. Threads,
  /// company and kernel sets never change a bit.
  public var tolerance = 0.0
  /// The tokens of a sequence; it should cross the boundaries that the implementation works in.
  public var tokens = 600
  /// Whether a sequence may come in chunks; where not, only the laws of whole sequences are checked.
  public var chunked = true
  /// The place from which on rows are those of an answer; none where it says nothing.
  public var answersFrom = Int.max
  /// The seed of the inputs.
  public var seed: UInt64 = 1

  /// Laws from their parts.
  public init(widths: [Int], makeState: @escaping MakeState, apply: @escaping Apply) {
    self.widths = widths
    self.makeState = makeState
    self.apply = apply
  }

  /// The laws of an attention core at layer 0 of the states that `makeState` makes.
  public init(core: some AttentionCore, makeState: @escaping MakeState) {
    self.init(
      widths: [core.heads * core.headDim, core.kvHeads * core.headDim, core.kvHeads * core.headDim],
      makeState: makeState
    ) { inputs, batch, context in
      try core(q: inputs[0], k: inputs[1], v: inputs[2], layer: 0, batch: batch, context: context)
    }
  }

  /// The laws of a sequence mixer over rows of `width`, at layer 0 of its states.
  public init(mixer: some SequenceMixer, width: Int) {
    self.init(widths: [width], makeState: { try mixer.makeState(capacity: $0, context: $1) }) {
      inputs, batch, context in
      try mixer.mix(inputs[0], layer: 0, batch: batch, context: context)
    }
  }

  /// The laws that are broken; empty where all hold.
  ///
  /// - Throws: what the thing under test throws.
  public func violations() throws -> [String] {
    var broken: [String] = []
    let one = Context(threads: 1)
    let two = Context(threads: 2)
    let sequences = (0..<3).map { SequenceInputs(widths: widths, tokens: tokens, seed: seed + UInt64($0)) }
    let whole = try sequences.map { try run([$0], [[tokens]], one)[0] }
    func expect(_ found: [Float], _ wanted: [Float], _ law: String, exact: Bool = false) {
      if let problem = Self.difference(found, wanted, exact ? 0 : tolerance) { broken.append("\(law): \(problem)") }
    }
    if whole.contains(where: { $0.isEmpty || $0.contains { !$0.isFinite } }) { broken.append("outputs are not finite") }
    if whole[0] == whole[1] { broken.append("outputs do not depend on the inputs") }

    expect(try run([sequences[0]], [[tokens]], two)[0], whole[0], "two threads", exact: true)
    for (index, found) in try run(sequences, [[tokens, tokens, tokens]], two).enumerated() {
      expect(found, whole[index], "sequence \(index) of three in one call", exact: true)
    }
    for set in KernelSet.allCases where set.isSupported && set != one.kernelSet {
      let few = min(tokens, 70)
      let part = SequenceInputs(sequences[0], prefix: few)
      let twin = try run([part], [[few]], Context(threads: 1, kernels: set))[0]
      expect(twin, try run([part], [[few]], one)[0], "\(set) against \(one.kernelSet)", exact: true)
    }
    guard chunked else { return broken }
    for context in [one, two] {
      let threads = context.workers.count
      for chunk in [1, 16, 255] where chunk < tokens {
        // Short chunks at the end only: what they follow came in one run.
        let steps = chunk < 16 ? min(20, tokens - 1) : tokens / chunk
        let chunks = [[tokens - steps * chunk]] + [[Int]](repeating: [chunk], count: steps)
        let found = try run([sequences[0]], chunks, context)[0]
        expect(found, whole[0], "chunks of \(chunk) at the end, \(threads) threads")
      }
      for (index, found) in try run(sequences, Self.mixedChunks(tokens), context).enumerated() {
        expect(found, whole[index], "sequence \(index) of a mixed batch, \(threads) threads")
      }
    }
    broken += try stateViolations(sequences, whole, two)
    return broken
  }

  /// Three sequences that take turns: long runs beside single steps, and rounds in which one of them rests.
  static func mixedChunks(_ tokens: Int) -> [[Int]] {
    let a = tokens * 2 / 5
    let b = tokens / 6
    let rounds = [[a, 1, b], [1, tokens / 2, 0], [2, 0, 1], [b, 7, a]]
    let done = (0..<3).map { index in rounds.reduce(0) { $0 + $1[index] } }
    return rounds + [done.map { max(0, tokens - $0) }]
  }

  /// What the state can do leaves the outputs as they were.
  private func stateViolations(
    _ sequences: [SequenceInputs], _ whole: [[Float]], _ context: Context
  ) throws -> [String] {
    var broken: [String] = []
    let half = tokens / 2
    let abilities = try makeState(1, context).capabilities
    let batch = BatchBox()
    func expectRest(_ state: any MixerState, _ law: String) throws {
      if state.tokens != half { return broken.append("\(law): \(state.tokens) tokens where \(half) are expected") }
      let output = try step(sequences[0], half..<tokens, state, batch, context)
      batch.commit()
      let wanted = Array(whole[0].suffix(output.count))
      if let problem = Self.difference(output, wanted, tolerance) { broken.append("\(law): \(problem)") }
    }
    /// A state that holds the first half of sequence 0.
    func halfway() throws -> any MixerState {
      let state = try makeState(2 * tokens, context)
      _ = try step(sequences[0], 0..<half, state, batch, context)
      batch.commit()
      return state
    }
    /// Goes on with another sequence.
    func spoil(_ state: any MixerState) throws {
      _ = try step(sequences[1], 0..<min(300, tokens), state, batch, context)
      batch.commit()
    }
    func expectRefusal(_ what: String, _ body: () throws -> Void) {
      do {
        try body()
        broken.append("\(what) is not declared, yet does not throw")
      } catch MixerError.unsupported { return } catch { broken.append("\(what) is not declared and throws \(error)") }
    }

    let abandoned = try halfway()
    _ = try step(sequences[1], 0..<min(300, tokens), abandoned, batch, context)  // not committed
    try expectRest(abandoned, "after a step that was given up")

    if abilities.contains(.truncate) {
      let state = try halfway()
      try spoil(state)
      try state.truncate(to: half)
      try expectRest(state, "after truncating")
    } else {
      expectRefusal("truncate") { try halfway().truncate(to: 1) }
    }
    if abilities.contains(.fork) {
      let state = try halfway()
      let fork = try state.fork()
      try spoil(state)
      let second = try fork.fork()
      try expectRest(fork, "a fork whose origin went on")
      try expectRest(second, "a fork whose origin went on as it does")
      let origin = try halfway()
      try spoil(origin.fork())
      try expectRest(origin, "the origin of a fork that went on")
    } else {
      expectRefusal("fork") { _ = try halfway().fork() }
    }
    if abilities.contains(.gather) {
      let state = try halfway()
      try spoil(state)
      try state.gather(Array(0..<half))
      try expectRest(state, "after gathering the first half")
    } else {
      expectRefusal("gather") { try halfway().gather([0]) }
    }
    if abilities.contains(.snapshot) {
      let state = try halfway()
      let kept = try state.snapshot()
      if kept.tokens != half { broken.append("a snapshot has \(kept.tokens) tokens where \(half) are expected") }
      try spoil(state)
      try state.restore(kept)
      try expectRest(state, "after restoring a snapshot")
      try state.restore(kept)
      try expectRest(state, "after restoring it again")
      let other = try makeState(2 * tokens, context)
      try other.restore(kept)
      try expectRest(other, "another state with the snapshot")
    } else {
      expectRefusal("snapshot") { _ = try halfway().snapshot() }
    }
    return broken
  }

  /// One call for tokens `range` of a sequence; not committed.
  private func step(
    _ sequence: SequenceInputs, _ range: Range<Int>, _ state: any MixerState, _ batch: BatchBox, _ context: Context
  ) throws -> [Float] {
    try batch.begin(BatchLayout([layoutRun(state, range.count)]))
    return try apply(sequence.tensors(range, context), batch, context).floats
  }

  private func layoutRun(_ state: any MixerState, _ rows: Int) -> BatchLayout.Run {
    .init(state: state, rows: rows, answerRows: min(rows, max(0, state.tokens + rows - min(answersFrom, .max / 2))))
  }

  /// Evaluates `sequences` in rounds: in round i each sequence takes its chunks[i] rows, all in one call.
  ///
  /// - Returns: for each sequence its outputs, row after row.
  /// - Throws: what the thing under test throws.
  public func run(_ sequences: [SequenceInputs], _ chunks: [[Int]], _ context: Context) throws -> [[Float]] {
    let states = try sequences.map { try makeState($0.tokens, context) }
    var outputs = [[Float]](repeating: [], count: sequences.count)
    let batch = BatchBox()
    for round in chunks {
      let members = round.indices.filter { round[$0] > 0 }
      if members.isEmpty { continue }
      let parts = members.map { sequences[$0].rows(states[$0].tokens..<states[$0].tokens + round[$0]) }
      let rows = members.reduce(0) { $0 + round[$1] }
      let inputs = widths.indices.map { index in
        context.tensor(parts.flatMap { $0[index] }, [rows, widths[index]])
      }
      try batch.begin(BatchLayout(members.map { layoutRun(states[$0], round[$0]) }))
      let output = try apply(inputs, batch, context).floats
      batch.commit()
      let width = output.count / rows
      var row = 0
      for index in members {
        outputs[index] += output[row * width..<(row + round[index]) * width]
        row += round[index]
      }
    }
    return outputs
  }

  /// Where two outputs part, if they do.
  static func difference(_ found: [Float], _ wanted: [Float], _ tolerance: Double) -> String? {
    if found.count != wanted.count { return "\(found.count) numbers where \(wanted.count) are expected" }
    let limit = Float(tolerance) * wanted.reduce(0) { max($0, abs($1)) }
    for (index, pair) in zip(found, wanted).enumerated() {
      let same = limit > 0 ? abs(pair.0 - pair.1) <= limit : pair.0.bitPattern == pair.1.bitPattern
      if !same { return "number \(index) is \(pair.0) where \(pair.1) is expected" }
    }
    return nil
  }
}
