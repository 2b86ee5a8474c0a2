import Layers
import Mixers
import Tensors
import Testing
import VenturiTesting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Latent attention obeys the laws of mixers, and its absorbed form is the attention over keys and values of every head.
@Suite struct LatentAttentionTests {
  static let width = 24
  static func sizes() throws -> LatentAttention.Sizes {
    try LatentAttention.Sizes(heads: 3, latent: 20, plain: 8, rotated: 6, value: 10)
  }

  /// The weights as numbers.
  struct Numbers {
    let short: [Float]?
    let query, latent, latentNorm, keys, values, output: [Float]

    init(short: Bool, _ s: LatentAttention.Sizes, seed: UInt64) {
      var random = Random(seed: seed)
      let width = LatentAttentionTests.width
      self.short = short ? random.floats(16 * width) : nil
      query = random.floats(s.heads * s.query * (short ? 16 : width))
      latent = random.floats(s.key * width)
      latentNorm = random.floats(s.latent)
      keys = random.floats(s.heads * s.latent * s.plain, amplitude: 0.5)
      values = random.floats(s.heads * s.value * s.latent)
      output = random.floats(width * s.heads * s.value)
    }
  }

  static func layer(short: Bool) throws -> (LatentAttention, Numbers) {
    let context = Context(threads: 1)
    let s = try sizes()
    let numbers = Numbers(short: short, s, seed: 11)
    func matrix(_ values: [Float], _ out: Int) throws -> PackedMatrix {
      try PackedMatrix(packing: context.tensor(values, [out, values.count / out]), context: context)
    }
    func linear(_ values: [Float], _ out: Int) throws -> PackedLinear {
      PackedLinear(try matrix(values, out), precision: .exact)
    }
    func heads(_ values: [Float], _ out: Int) throws -> PackedMatrices {
      let size = values.count / s.heads
      return PackedMatrices(
        try (0..<s.heads).map { try matrix(Array(values[$0 * size..<($0 + 1) * size]), out) })
    }
    func norm(_ values: [Float]) -> RMSNorm {
      RMSNorm(weight: context.tensor(values, [values.count]), epsilon: 1e-5)
    }
    let positions = RotaryEmbedding(headDim: s.key, rotated: s.rotated, offset: s.latent, base: 100, limit: 2048)
    positions.reserve(positions: 2048)
    let ones = norm([Float](repeating: 1, count: 16))
    let weights = LatentAttention.Weights(
      shortQuery: try numbers.short.map { (matrix: try linear($0, 16), norm: ones) },
      query: try linear(numbers.query, s.heads * s.query), latent: try linear(numbers.latent, s.key),
      latentNorm: norm(numbers.latentNorm), keys: try heads(numbers.keys, s.latent),
      values: try heads(numbers.values, s.value), precision: .exact, output: try linear(numbers.output, width))
    let layer = LatentAttention(
      sizes: s, weights: weights, positions: positions,
      core: try DenseAttention(heads: s.heads, kvHeads: 1, headDim: s.key, scale: 0.3)
    ) { (capacity, context) throws(MixerError) in
      try KeyValueCache(
        layers: 1, kvHeads: 1, headDim: s.key, dtype: .f32, capacity: capacity, allocator: context.allocator)
    }
    return (layer, numbers)
  }

  @Test(arguments: [false, true]) func obeysTheLawsOfMixers(short: Bool) throws {
    #expect(try SequenceLaws(mixer: Self.layer(short: short).0, width: Self.width).violations() == [])
  }

  @Test(arguments: [false, true]) func isAttentionOverEveryHeadsKeys(short: Bool) throws {
    let (layer, n) = try Self.layer(short: short)
    let s = try Self.sizes()
    let rows = 30
    let context = Context(threads: 2)
    let x = SequenceInputs(widths: [Self.width], tokens: rows, seed: 3).tensors(0..<rows, context)[0]
    let found = try layer.forward(x, context: context).floats
    let expected = Self.naive(x.floats.map(Double.init), rows: rows, n, s)
    let largest = expected.map(abs).max() ?? 0
    for (value, exact) in zip(found, expected) { #expect(abs(Double(value) - exact) <= 1e-5 * largest) }
  }

  /// The paper's equations in Double: keys and values of every head are made from the latent.
  static func naive(_ x: [Double], rows: Int, _ n: Numbers, _ s: LatentAttention.Sizes) -> [Double] {
    func product(_ x: [Double], _ w: ArraySlice<Float>, _ out: Int) -> [Double] {
      let weights = w.map(Double.init)
      return (0..<out).map { o in x.indices.reduce(0) { $0 + x[$1] * weights[o * x.count + $1] } }
    }
    func norm(_ x: [Double], _ w: [Float]?) -> [Double] {
      let mean = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
      return x.enumerated().map { $1 / (mean + 1e-5).squareRoot() * Double(w?[$0] ?? 1) }
    }
    func turned(_ x: [Double], _ position: Int) -> [Double] {
      var y = x
      for pair in 0..<x.count / 2 {
        let angle = Double(position) * pow(100, -2 * Double(pair) / Double(x.count))
        y[2 * pair] = x[2 * pair] * cos(angle) - x[2 * pair + 1] * sin(angle)
        y[2 * pair + 1] = x[2 * pair] * sin(angle) + x[2 * pair + 1] * cos(angle)
      }
      return y
    }
    var (queries, keys, values) = ([[[Double]]](), [[[Double]]](), [[[Double]]]())
    for row in 0..<rows {
      let own = Array(x[row * width..<(row + 1) * width])
      let input = n.short.map { norm(product(own, $0[...], 16), nil) } ?? own
      let q = product(input, n.query[...], s.heads * s.query)
      let a = product(own, n.latent[...], s.key)
      let latent = norm(Array(a[..<s.latent]), n.latentNorm)
      let key = turned(Array(a[s.latent...]), row)
      var (rowQ, rowK, rowV) = ([[Double]](), [[Double]](), [[Double]]())
      for head in 0..<s.heads {
        let part = Array(q[head * s.query..<(head + 1) * s.query])
        rowQ.append(Array(part[..<s.plain]) + turned(Array(part[s.plain...]), row))
        let size = s.latent * s.plain
        // keys[head] is K transposed: [latent, plain].
        let k = (0..<s.plain).map { p in
          (0..<s.latent).reduce(0) { $0 + latent[$1] * Double(n.keys[head * size + $1 * s.plain + p]) }
        }
        rowK.append(k + key)
        rowV.append(product(latent, n.values[head * s.value * s.latent..<(head + 1) * s.value * s.latent], s.value))
      }
      queries.append(rowQ)
      keys.append(rowK)
      values.append(rowV)
    }
    return (0..<rows).flatMap { row -> [Double] in
      let heads = (0..<s.heads).flatMap { head -> [Double] in
        let scores = (0...row).map { other in
          0.3 * zip(queries[row][head], keys[other][head]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let top = scores.max() ?? 0
        let shares = scores.map { exp($0 - top) }
        let sum = shares.reduce(0, +)
        return (0..<s.value).map { v in
          (0...row).reduce(0) { $0 + shares[$1] / sum * values[$1][head][v] }
        }
      }
      return product(heads, n.output[...], width)
    }
  }

  @Test func sizesThatDoNotFitAreRefused() {
    for (latent, plain, rotated, value) in [
      (0, 8, 4, 8), (8, 0, 4, 8), (8, 8, 3, 8), (8, 8, 0, 8), (1020, 8, 6, 8), (8, 8, 4, 0),
    ] {
      #expect(throws: MixerError.self) {
        try LatentAttention.Sizes(heads: 2, latent: latent, plain: plain, rotated: rotated, value: value)
      }
    }
  }
}
