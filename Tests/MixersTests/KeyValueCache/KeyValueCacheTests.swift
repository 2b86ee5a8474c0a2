import Layers
import Mixers
import NumericTypes
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

  /// A token's bits as ±1, which integers of a turned vector still tell apart.
  static func bits(_ mark: Int, _ sign: Float) -> [Float] { (0..<16).map { mark >> $0 & 1 == 1 ? sign : -sign } }

  @Test(arguments: 0..<20) func editsKeepIntegersApart(seed: Int) throws {
    let context = Context(threads: 1)
    let laws = StateLaws(
      make: {
        try KeyValueCache(layers: 1, kvHeads: 1, headDim: 16, dtype: .i8, capacity: $0, allocator: context.allocator)
      },
      append: { marks, cache in
        let (k, v) = (context.empty([1, 1, marks.count, 16]), context.empty([1, 1, marks.count, 16]))
        for (row, mark) in marks.enumerated() {
          for (index, value) in Self.bits(mark, 1).enumerated() {
            k.pointer(as: Float.self)[row * 16 + index] = value
            v.pointer(as: Float.self)[row * 16 + index] = -value
          }
        }
        try cache.import(k: k, v: v)
      },
      content: { cache in
        let values = try Self.content(cache, context)
        #expect(values.allSatisfy { abs(abs($0) - 1) < 0.1 })
        return values.map { $0 > 0 ? 1 : -1 }
      },
      expected: { marks in marks.flatMap { Self.bits($0, 1) } + marks.flatMap { Self.bits($0, -1) } })
    #expect(try laws.violations(seed: UInt64(seed)) == [])
  }

  @Test func integersAreWithinHalfAStep() throws {
    let context = Context(threads: 1)
    for (headDim, exponent) in [(64, 0), (128, 20), (80, -30), (7, 3), (1, 0), (576, -100)] {
      let cache = try KeyValueCache(
        layers: 1, kvHeads: 1, headDim: headDim, dtype: .i8, capacity: 40, allocator: context.allocator)
      let inputs = SequenceInputs(widths: [headDim, headDim], tokens: 40, seed: 3)
      let factor = Float(sign: .plus, exponent: exponent, significand: 1)
      let (k, v) = (context.empty([1, 1, 40, headDim]), context.empty([1, 1, 40, headDim]))
      for index in 0..<40 * headDim {
        k.pointer(as: Float.self)[index] = inputs.values[0][index] * factor
        v.pointer(as: Float.self)[index] = inputs.values[1][index] * factor
      }
      try cache.import(k: k, v: v)
      let read = try cache.export(0..<40, context: context)
      for (written, back) in [(k, read.k), (v, read.v)] {
        for token in 0..<40 {
          let w = UnsafeBufferPointer(start: written.pointer(as: Float.self) + token * headDim, count: headDim)
          let b = UnsafeBufferPointer(start: back.pointer(as: Float.self) + token * headDim, count: headDim)
          // Turning keeps lengths: the largest turned number is at most the length, and each is off by half a step.
          let length = w.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
          let error = zip(w, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
          #expect(error <= length / 254 * Double(headDim).squareRoot() * 1.001, "\(headDim) \(exponent)")
        }
      }
    }
  }

  @Test func whatIsNotFiniteStaysSo() throws {
    let context = Context(threads: 1)
    let cache = try KeyValueCache(
      layers: 1, kvHeads: 1, headDim: 16, dtype: .i8, capacity: 4, allocator: context.allocator)
    let k = context.empty([1, 1, 4, 16])
    for index in 0..<64 { k.pointer(as: Float.self)[index] = Float(index % 16) }
    k.pointer(as: Float.self)[3] = .nan
    k.pointer(as: Float.self)[16 + 3] = -.infinity
    for index in 32..<48 { k.pointer(as: Float.self)[index] = 1e-40 }
    try cache.import(k: k, v: k)
    let read = try cache.export(0..<4, context: context).k.pointer(as: Float.self)
    #expect((0..<32).allSatisfy { read[$0].isNaN } && (32..<48).allSatisfy { read[$0] == 0 })
    #expect((48..<64).allSatisfy { read[$0].isFinite })
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
