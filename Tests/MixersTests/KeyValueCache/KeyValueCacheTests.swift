import Layers
import Mixers
import Numerics
import Tensors
import Testing
import VenturiTesting

/// The cache against a list of tokens: whatever sequence of edits, it holds what the list holds.
@Suite struct KeyValueCacheTests {
  static func content(_ cache: KeyValueCache, _ context: Context) throws -> [Float] {
    let (k, v) = try cache.export(0..<cache.tokens, context: context)
    return Array(UnsafeBufferPointer(start: k.pointer(as: Float.self), count: k.count))
      + Array(UnsafeBufferPointer(start: v.pointer(as: Float.self), count: v.count))
  }

  /// What a cache of 2 layers, 1 head of 3 holds when its tokens are `marks`.
  static func expected(_ marks: [Int]) -> [Float] {
    var values: [Float] = []
    for part in 0..<4 {
      for mark in marks {
        for index in 0..<3 { values.append(Float(mark * 3 + index) + Float(part) * 0.5) }
      }
    }
    return values
  }

  static func append(_ marks: [Int], to cache: KeyValueCache, _ context: Context) throws {
    let values = expected(marks)
    let k = context.empty([2, 1, marks.count, 3])
    let v = context.empty([2, 1, marks.count, 3])
    for index in 0..<k.count {
      k.pointer(as: Float.self)[index] = values[index]
      v.pointer(as: Float.self)[index] = values[k.count + index]
    }
    try cache.import(k: k, v: v)
  }

  static func laws(_ dtype: DType) -> StateLaws<KeyValueCache> {
    let context = Context(threads: 1)
    return StateLaws(
      make: {
        try KeyValueCache(
          layers: 2, kvHeads: 1, headDim: 3, dtype: dtype, capacity: $0, allocator: context.allocator)
      },
      append: { try append($0, to: $1, context) }, content: { try content($0, context) }, expected: expected)
  }

  @Test(arguments: 0..<100) func editsKeepStatesApart(seed: Int) throws {
    #expect(try Self.laws(seed.isMultiple(of: 2) ? .f32 : .f16).violations(seed: UInt64(seed)) == [])
  }

  @Test func theLawsNoticeAStateThatForgets() throws {
    var laws = Self.laws(.f32)
    let append = laws.append
    laws.append = { try append($0.map { $0 == 7 ? 8 : $0 }, $1) }
    #expect(try (0..<5).contains { try !laws.violations(seed: $0).isEmpty })
  }

  @Test func memoryIsThatOfThePages() throws {
    let context = Context(threads: 1)
    let cache = try KeyValueCache(layers: 2, kvHeads: 1, headDim: 16, capacity: 2000, allocator: context.allocator)
    #expect(cache.bytes == 0)
    for tokens in 1...1025 {
      try cache.reserve(1)
      cache.advance(by: 1)
      #expect(cache.bytes == (tokens + 255) / 256 * cache.layout.pageBytes)
    }
    let before = context.allocator.liveBytes
    let fork = try cache.fork()
    #expect(context.allocator.liveBytes == before)
    try fork.reserve(1)
    #expect(context.allocator.liveBytes - before < 2 * cache.layout.pageBytes)
    #expect(throws: MixerError.positionOutOfRange(position: 1026, tokens: 1025)) { try cache.truncate(to: 1026) }
    #expect(throws: MixerError.positionOutOfRange(position: -1, tokens: 1025)) { try cache.gather([-1]) }
    #expect(throws: MixerError.capacityExceeded(capacity: 2000, requested: 2001)) { try cache.reserve(976) }
  }
}
