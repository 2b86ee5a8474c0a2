import Compression
import Foundation
import NumericTypes
import Testing
import VenturiTesting

/// Our losses beside those of llama.cpp's quantisers, on the rows of `Golden/quantizers.bin`.
@Suite("Losses against llama.cpp's")
struct GoldenLossTests {
  struct Losses {
    var plain: Double
    var byImportance: Double
  }

  struct Fixture {
    var rows = 0
    var width = 0
    var numbers: [Float] = []
    var importance: [Float] = []
    var losses: [DType: Losses] = [:]

    init() throws {
      let data = try Data(contentsOf: GoldenFiles.url("quantizers.bin"))
      try #require(data.prefix(8) == Data("VTQLOSS1".utf8))
      var at = 8
      func take<T>(_ type: T.Type) -> T {
        defer { at += MemoryLayout<T>.size }
        return data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: type) }
      }
      rows = Int(take(UInt32.self))
      width = Int(take(UInt32.self))
      let types = take(UInt32.self)
      numbers = (0..<rows * width).map { _ in take(Float.self) }
      importance = (0..<width).map { _ in take(Float.self) }
      for _ in 0..<types {
        let name = String(decoding: data[at..<at + 8].prefix { $0 != 0 }, as: UTF8.self)
        at += 8
        let dtype = try #require(DType(displayName: name))
        losses[dtype] = Losses(
          plain: take(Double.self), byImportance: take(Double.self))
      }
      try #require(at == data.count)
    }
  }

  /// The IQ4 types weigh by x² without importance, as llama.cpp does, so plain squares may differ somewhat.
  @Test("No type loses more than llama.cpp's blocks do")
  func losses() throws {
    let fixture = try Fixture()
    try #require(fixture.losses.count == 12)
    for (dtype, theirs) in fixture.losses {
      let encoder = try RowEncoder(dtype)
      func errors(_ importance: [Float]?) -> [Double] {
        let result = decoded(encoder.bytes(fixture.numbers, width: fixture.width, importance: importance), dtype)
        return zip(fixture.numbers, result).map { Double($0) - Double($1) }
      }
      let plain = errors(nil)
      let aware = errors(fixture.importance)
      let sum = plain.reduce(0) { $0 + $1 * $1 }
      let byImportance = aware.indices.reduce(0) {
        $0 + Double(fixture.importance[$1 % fixture.width]) * aware[$1] * aware[$1]
      }
      let allowed = dtype == .iq4_nl || dtype == .iq4_xs ? 1.05 : 1.001
      #expect(sum <= allowed * theirs.plain, "\(dtype.displayName): \(sum / theirs.plain)")
      #expect(
        byImportance <= 1.001 * theirs.byImportance, "\(dtype.displayName): \(byImportance / theirs.byImportance)")
    }
  }
}
