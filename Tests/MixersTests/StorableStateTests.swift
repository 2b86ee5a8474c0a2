import Layers
import Mixers
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// What a state stores comes back, of its own tokens alone.
@Suite struct StorableStateTests {
  private static let headDim = 20

  private static func cache(
    _ dtype: DType, means: Bool = false, layers: Int = 2, capacity: Int = 900, _ context: Context
  ) throws -> KeyValueCache {
    let layout = try KeyValueLayout(layers: layers, kvHeads: 2, headDim: headDim, dtype: dtype, hasBlockMeans: means)
    return try KeyValueCache(layout, capacity: capacity, allocator: context.allocator)
  }

  private static func append(_ count: Int, seed: UInt64, to cache: KeyValueCache, _ context: Context) throws {
    let width = cache.layout.layers * 2 * headDim
    let inputs = SequenceInputs(widths: [width, width], tokens: count, seed: seed)
    let shape: Shape = [cache.layout.layers, 2, count, headDim]
    let (k, v) = (context.empty(shape), context.empty(shape))
    for index in 0..<count * width {
      k.pointer(as: Float.self)[index] = inputs.values[0][index]
      v.pointer(as: Float.self)[index] = inputs.values[1][index]
    }
    try cache.import(k: k, v: v)
  }

  private static func stored(_ state: some StorableState) throws -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    try state.store { pieces.append(Array($0)) }
    return pieces
  }

  private static func load(_ pieces: [[UInt8]], tokens: Int, into state: some StorableState) throws {
    var index = 0
    try state.load(tokens: tokens) { target in
      #expect(target.count == pieces[index].count)
      target.copyBytes(from: pieces[index])
      index += 1
    }
    #expect(index == pieces.count)
  }

  @Test(arguments: [(DType.f32, false), (.f16, false), (.i8, false), (.f32, true), (.f16, true)])
  func pagesComeBack(_ dtype: DType, _ means: Bool) throws {
    let context = Context(threads: 1)
    for count in [0, 1, 17, 256, 300, 512] {
      let cache = try Self.cache(dtype, means: means, context)
      if count > 0 { try Self.append(count, seed: 1, to: cache, context) }
      let pieces = try Self.stored(cache)
      #expect(pieces.map(\.count) == cache.pieceSizes(tokens: count))
      let other = try Self.cache(dtype, means: means, context)
      #expect(other.form == cache.form)
      // What was there before is gone.
      try Self.append(400, seed: 2, to: other, context)
      try Self.load(pieces, tokens: count, into: other)
      #expect(other.tokens == count)
      #expect(try Self.stored(other) == pieces)
      let content = try KeyValueCacheTests.content(cache, context)
      #expect(try KeyValueCacheTests.content(other, context) == content)
      // And the sequence goes on the same.
      for state in [cache, other] { try Self.append(70, seed: 3, to: state, context) }
      #expect(try Self.stored(other) == (try Self.stored(cache)))
    }
  }

  @Test(arguments: [(DType.f32, false), (.f16, false), (.i8, false), (.f16, true)])
  func nothingElseLeaves(_ dtype: DType, _ means: Bool) throws {
    let context = Context(threads: 1)
    let fresh = try Self.cache(dtype, means: means, context)
    try Self.append(260, seed: 1, to: fresh, context)
    let expected = try Self.stored(fresh)
    // Tokens that were forgotten, and pages that other sequences had before.
    for rest in [1, 100, 252] {
      let cache = try Self.cache(dtype, means: means, context)
      try Self.append(260, seed: 1, to: cache, context)
      try Self.append(rest, seed: 9, to: cache, context)
      try cache.truncate(to: 260)
      #expect(try Self.stored(cache) == expected)
    }
  }

  @Test func formsTellStatesApart() throws {
    let context = Context(threads: 1)
    let forms = [
      try Self.cache(.f32, context).form, try Self.cache(.f16, context).form, try Self.cache(.i8, context).form,
      try Self.cache(.f16, means: true, context).form, try Self.cache(.f16, layers: 3, context).form,
      try RecurrentState(.init(layers: 2, width: 3), capacity: 9, allocator: context.allocator).form,
      try RecurrentState(.init(layers: 3, width: 2), capacity: 9, allocator: context.allocator).form,
    ]
    #expect(Set(forms).count == forms.count)
  }

  @Test func recurrentValuesComeBack() throws {
    func state() throws -> RecurrentState {
      try RecurrentState(.init(layers: 2, width: 3), capacity: 50, allocator: Allocator())
    }
    func step(_ state: RecurrentState, _ mark: Int) throws {
      try state.reserve(1)
      for layer in 0..<2 {
        for index in 0..<3 { state.next(layer)[index] = state.current(layer)[index] / 3 + Float(mark + layer - index) }
      }
      state.advance(by: 1)
    }
    for count in [0, 1, 2, 5] {
      let (one, other) = (try state(), try state())
      for mark in 0..<count { try step(one, mark) }
      try step(other, 40)
      let pieces = try Self.stored(one)
      #expect(pieces.map(\.count) == one.pieceSizes(tokens: count))
      try Self.load(pieces, tokens: count, into: other)
      for mark in 7..<9 {
        for state in [one, other] { try step(state, mark) }
      }
      #expect(try Self.stored(one) == (try Self.stored(other)) && other.tokens == count + 2)
    }
  }

  @Test func aFailureChangesNothing() throws {
    struct Stop: Error {}
    let context = Context(threads: 1)
    let cache = try Self.cache(.f16, capacity: 600, context)
    try Self.append(300, seed: 1, to: cache, context)
    let before = try Self.stored(cache)
    #expect(throws: MixerError.capacityExceeded(capacity: 600, requested: 601)) { try cache.load(tokens: 601) { _ in } }
    #expect(throws: MixerError.capacityExceeded(capacity: 600, requested: -1)) { try cache.load(tokens: -1) { _ in } }
    var filled = 0
    #expect(throws: Stop.self) {
      try cache.load(tokens: 600) { _ in
        filled += 1
        if filled == 2 { throw Stop() }
      }
    }
    #expect(cache.tokens == 300)
    #expect(try Self.stored(cache) == before)
    let state = try RecurrentState(.init(layers: 1, width: 1), capacity: 4, allocator: Allocator())
    try state.reserve(1)
    state.next(0)[0] = 3
    state.advance(by: 1)
    #expect(throws: Stop.self) { try state.load(tokens: 2) { _ in throw Stop() } }
    #expect(state.tokens == 1 && state.current(0)[0] == 3)
  }
}
