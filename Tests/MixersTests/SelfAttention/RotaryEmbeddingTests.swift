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

/// Rotations against their definition in Double, for both pairings and every rule of scaling.
@Suite struct RotaryEmbeddingTests {
  static func rotated(_ embedding: RotaryEmbedding, _ x: [Float], rows: Int, from start: Int = 0) throws -> [Float] {
    let context = Context(threads: 2)
    embedding.reserve(positions: embedding.limit)
    let tensor = context.tensor(x, [rows, x.count / rows])
    let cache = try KeyValueCache(
      layers: 1, kvHeads: 1, headDim: 16, capacity: 1024, allocator: context.allocator)
    try cache.reserve(start)
    cache.advance(by: start)
    let batch = BatchBox()
    try batch.begin(BatchLayout([.init(state: cache, rows: rows)]))
    embedding.rotate([tensor], batch: batch, context)
    return tensor.floats
  }

  @Test func pairsTurnByTheirAngles() throws {
    var random = Random(seed: 2)
    let (heads, d, turning, rows, start) = (3, 20, 12, 5, 41)
    let x = random.floats(rows * heads * d)
    for pairing in [RotaryEmbedding.Pairing.neighbours, .halves] {
      let embedding = RotaryEmbedding(
        headDim: d, rotated: turning, base: 500, scaling: .linear(factor: 3), pairing: pairing, limit: 100)
      let y = try Self.rotated(embedding, x, rows: rows, from: start)
      var expected = x.map(Double.init)
      for row in 0..<rows {
        for head in 0..<heads {
          for pair in 0..<turning / 2 {
            let angle = Double(start + row) / 3 * pow(500, -2 * Double(pair) / Double(turning))
            let at = (row * heads + head) * d
            let (i, j) = pairing == .halves ? (at + pair, at + pair + turning / 2) : (at + 2 * pair, at + 2 * pair + 1)
            let (a, b) = (expected[i], expected[j])
            expected[i] = a * cos(angle) - b * sin(angle)
            expected[j] = a * sin(angle) + b * cos(angle)
          }
        }
      }
      for (value, exact) in zip(y, expected) { #expect(abs(Double(value) - exact) <= 1e-6) }
    }
  }

  /// The angles from one position to the next, seen by turning (1, 0) at position 1.
  static func angles(_ scaling: RotaryScaling, rotated: Int = 16, base: Double = 10000) throws -> [Double] {
    let embedding = RotaryEmbedding(headDim: rotated, rotated: rotated, base: base, scaling: scaling, limit: 4)
    let unit = (0..<rotated).map { Float($0 % 2 == 0 ? 1 : 0) }
    let y = try Self.rotated(embedding, unit, rows: 1, from: 1)
    return (0..<rotated / 2).map { atan2(Double(y[2 * $0 + 1]), Double(y[2 * $0])) }
  }

  @Test func longWavesAreStretchedAndShortOnesAreNot() throws {
    let plain = try Self.angles(.none)
    let turns = plain.map { 640 * $0 / (2 * Double.pi) }
    let llama = try Self.angles(.llama3(factor: 8, low: 1, high: 4, length: 640))
    let yarn = try Self.angles(.yarn(factor: 8, length: 640, betaFast: 4, betaSlow: 1))
    var (kept, passing, stretched) = (0, 0, 0)
    for (index, turn) in turns.enumerated() {
      let ratio = llama[index] / plain[index]
      if turn > 4 {
        #expect(abs(ratio - 1) < 1e-6)
        kept += 1
      } else if turn < 1 {
        #expect(abs(ratio - 1.0 / 8) < 1e-6)
        #expect(abs(yarn[index] / plain[index] - 1.0 / 8) < 1e-6)
        stretched += 1
      } else {
        #expect(abs(ratio - ((turn - 1) / 3 + (1 - (turn - 1) / 3) / 8)) < 1e-6)
        passing += 1
      }
    }
    #expect(kept >= 3 && passing >= 2 && stretched >= 3)
    #expect(abs(yarn[0] - plain[0]) < 1e-6)
    #expect(abs(RotaryScaling.yarn(factor: 8, length: 64).magnitude - 1.2079441541679836) < 1e-12)
    let own = try Self.angles(.factors([1, 2, 3, 4, 5, 6, 7, 8], magnitude: 1.5))
    for index in 0..<8 { #expect(abs(own[index] * Double(index + 1) / plain[index] - 1) < 1e-5) }
  }

  @Test func theMagnitudeMultipliesWhatTurns() throws {
    let embedding = RotaryEmbedding(
      headDim: 8, rotated: 4, base: 10, scaling: .factors([1, 1], magnitude: 1.5), pairing: .halves, limit: 4)
    let y = try Self.rotated(embedding, [2, 2, 0, 0, 7, 7, 7, 7], rows: 1)
    #expect(y == [3, 3, 0, 0, 7, 7, 7, 7])
  }
}
