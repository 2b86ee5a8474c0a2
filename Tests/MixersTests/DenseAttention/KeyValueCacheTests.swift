import Layers
import Mixers
import Tensors
import Testing

/// The cache against a list of tokens: whatever sequence of edits, it holds what the list holds.
@Suite struct KeyValueCacheTests {
  static func content(_ cache: KeyValueCache, _ context: Context) throws -> [Float] {
    let (k, v) = try cache.export(0..<cache.tokens, context: context)
    return Array(UnsafeBufferPointer(start: k.pointer(as: Float.self), count: k.count))
      + Array(UnsafeBufferPointer(start: v.pointer(as: Float.self), count: v.count))
  }

  /// What a cache of 2 layers, 1 head of 3 holds when its tokens are `marks`.
  static func expected(_ marks: [Int]) -> [Float] {
    (0..<4).flatMap { part in marks.flatMap { mark in (0..<3).map { Float(mark * 3 + $0) + Float(part) * 0.5 } } }
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

  @Test(arguments: 0..<100) func editsKeepStatesApart(seed: Int) throws {
    var random = Random(seed: UInt64(seed))
    let context = Context(threads: 1)
    let first = try KeyValueCache(
      layers: 2, kvHeads: 1, headDim: 3, dtype: seed.isMultiple(of: 2) ? .f32 : .f16, capacity: 700,
      allocator: context.allocator)
    var states: [(cache: KeyValueCache, marks: [Int])] = [(first, [])]
    var kept: [(snapshot: any StateSnapshot, marks: [Int])] = []
    for _ in 0..<25 {
      let index = Int(random.next() % UInt64(states.count))
      let cache = states[index].cache
      let count = states[index].marks.count
      switch random.next() % 6 {
      case 0, 1:
        let fresh = (0..<min(700 - count, Int(random.next() % 300) + 1)).map { _ in Int(random.next() % 300) }
        if fresh.isEmpty { continue }
        try Self.append(fresh, to: cache, context)
        states[index].marks += fresh
      case 2:
        let length = Int(random.next() % UInt64(count + 1))
        try cache.truncate(to: length)
        states[index].marks.removeLast(count - length)
      case 3 where states.count < 4: states.append((try cache.fork(), states[index].marks))
      case 4 where count > 0:
        let prefix = Int(random.next() % UInt64(count + 1))
        let chosen = Array(0..<prefix) + (0..<(700 - prefix) % 50).map { _ in Int(random.next() % UInt64(count)) }
        try cache.gather(chosen)
        states[index].marks = chosen.map { states[index].marks[$0] }
      default:
        if let (snapshot, marks) = kept.last, random.next() % 2 == 0 {
          try cache.restore(snapshot)
          states[index].marks = marks
        } else {
          kept.append((try cache.snapshot(), states[index].marks))
        }
      }
      for state in states {
        #expect(state.cache.tokens == state.marks.count)
        #expect(try Self.content(state.cache, context) == Self.expected(state.marks))
      }
    }
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
