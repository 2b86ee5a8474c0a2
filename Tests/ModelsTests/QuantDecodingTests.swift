import Formats
import Foundation
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// Every block-quantised type, decoded bit for bit as the reference decodes it; `Golden/README.md` has the fixture.
@Suite struct QuantDecodingTests {
  struct Fixture: Decodable {
    struct Entry: Decodable, CustomStringConvertible {
      var name: String
      var code: UInt32
      var blocks: Int
      var blockBytes: Int
      var values: Int
      var halfScales: [Int]
      var checksum: String
      var nans: Int
      var infinities: Int
      var oracles: [String]
      var description: String { name }

      /// The blocks as the fixture's script makes them: SplitMix64, with special bits for the scales of the first.
      func rawBlocks(special: [UInt16]) -> [UInt8] {
        var noise = GGUFNoise(seed: UInt64(code))
        var bytes: [UInt8] = []
        while bytes.count < blocks * blockBytes {
          let word = noise.next()
          for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        bytes.removeLast(bytes.count - blocks * blockBytes)
        for i in 0..<blockBytes { (bytes[i], bytes[blockBytes + i]) = (0, 255) }
        for (number, bits) in special.enumerated() {
          for offset in halfScales {
            let at = (2 + number) * blockBytes + offset
            (bytes[at], bytes[at + 1]) = (UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8))
          }
        }
        return bytes
      }
    }

    var special: [UInt16]
    var types: [Entry]
  }

  static let fixture = Result {
    try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: GoldenFiles.url("quants.json")))
  }

  /// A sum that depends on every value and its place; any NaN counts as one.
  static func checksum(_ values: [Float]) -> UInt64 {
    var sum: UInt64 = 0
    for (index, value) in values.enumerated() {
      let bits: UInt32 = value.isNaN ? 0x7FC0_0000 : value.bitPattern
      var z = UInt64(bits) &+ UInt64(index) << 32
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      sum &+= z ^ (z >> 31)
    }
    return sum
  }

  @Test func everyTypeIsDecodedAsTheReferenceDoes() throws {
    let fixture = try Self.fixture.get()
    #expect(fixture.types.count == DType.allCases.count { $0.isBlockQuantized } && fixture.types.count >= 25)
    for entry in fixture.types {
      let dtype = try #require(GGUFTensorType.dtype(ofCode: entry.code), "\(entry)")
      #expect(dtype.displayName == entry.name)
      #expect(entry.blocks >= 1000 && !entry.oracles.isEmpty, "\(entry)")
      #expect((dtype.blockBytes, dtype.blockLength) == (entry.blockBytes, entry.values), "\(entry)")
      let blocks = entry.rawBlocks(special: fixture.special)
      var values = [Float](repeating: 0, count: entry.blocks * entry.values)
      blocks.withUnsafeBytes { source in
        values.withUnsafeMutableBufferPointer { target in
          guard let from = source.baseAddress, let to = target.baseAddress else { return }
          decodeRow(dtype, count: target.count, from: from, to: to)
        }
      }
      #expect(values.count { $0.isNaN } == entry.nans, "\(entry)")
      #expect(values.count { $0.isInfinite } == entry.infinities, "\(entry)")
      #expect(String(Self.checksum(values), radix: 16) == String(UInt64(entry.checksum, radix: 16) ?? 0, radix: 16))
    }
  }

  /// Blocks of any bits as a matrix: looking up a row gives what the row decodes to, NaN and infinities included.
  @Test func packedRowsHoldAnyBits() throws {
    let fixture = try Self.fixture.get()
    for kernels in [KernelSet.preferred, .reference] {
      let context = Context(threads: 2, kernels: kernels)
      for entry in fixture.types {
        let dtype = try #require(GGUFTensorType.dtype(ofCode: entry.code))
        let (rows, k) = (40, 256)
        let source = context.empty([rows, k], dtype)
        let bytes = entry.rawBlocks(special: fixture.special).prefix(rows * k / entry.values * entry.blockBytes)
        source.pointer.copyMemory(from: Array(bytes), byteCount: bytes.count)
        let matrix = try PackedMatrix(packing: source, context: context)
        let ids = (0..<Int32(rows)).map { $0 }
        let found = ids.withUnsafeBufferPointer { ids in
          ids.baseAddress.map { context.rows(of: matrix, at: $0, count: rows) }
        }
        let table = try #require(found)
        var expected = [Float](repeating: 0, count: rows * k)
        expected.withUnsafeMutableBufferPointer { target in
          guard let to = target.baseAddress else { return }
          decodeRow(dtype, count: rows * k, from: UnsafeRawPointer(source.pointer), to: to)
        }
        let values = Array(UnsafeBufferPointer(start: table.pointer(as: Float.self), count: rows * k))
        #expect(Self.checksum(values) == Self.checksum(expected), "\(entry), \(kernels)")
      }
    }
  }
}
