import Formats
import Foundation
import Testing
import VenturiTesting

/// What `Golden/scripts/make_npy.py` wrote: files of numpy and Python's compressors, and the numbers in them.
enum NumpyFixtures {
  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: GoldenFiles.url("npy/\(name)")))
  }

  static func expected() throws -> [JSON.Member] {
    try #require(try JSON(parsing: try bytes("expected.json")).members)
  }

  /// Compares an array with what the script says of it; numbers in 64 bits, so by their texts.
  static func compare(_ array: NumberArray, _ name: String, _ expected: JSON) throws {
    #expect(array.type.rawValue == expected["type"]?.text, "\(name)")
    #expect(array.shape == expected["shape"]?.elements?.compactMap(\.int), "\(name)")
    let values = try #require(expected["values"]?.elements).compactMap(\.text)
    switch array.type {
    case .uint64: #expect(try words(array) == values, "\(name)")
    case _ where array.type.isInteger: #expect(try array.integers().map { String($0) } == values, "\(name)")
    default:
      let doubles = values.compactMap(Double.init)
      #expect(array.doubles() == doubles, "\(name)")
      #expect(array.floats() == doubles.map { Float($0) }, "\(name)")
    }
    #expect(!values.isEmpty || array.count == 0)
  }

  private static func words(_ array: NumberArray) throws -> [String] {
    array.bytes.withUnsafeBytes { raw in
      (0..<array.count).map {
        String(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)))
      }
    }
  }
}
