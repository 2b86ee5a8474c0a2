import Formats
import Foundation
import Models
import NumericTypes
import Testing
import VenturiTesting

/// What the house makes of a folder against what llama.cpp's converter makes of it: the same keys, the same names, shapes
/// and numbers of weights. `Golden/scripts/make_listings.py` makes the lists.
@Suite struct ConvertedFolderTests {
  static let names = [
    "deepseek_v2", "deepseek_v3", "gemma2", "gpt2", "llama3", "llama_linear", "llama_yarn", "mamba2", "mistral",
    "mixtral",
    "olmoe", "phi3", "phi3_longrope", "qwen2", "qwen2_moe", "qwen3",
  ]

  /// FNV-1a over words of 64 bits, the last one filled with zeros.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> String {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    for start in stride(from: 0, to: bytes.count, by: 8) {
      var word: UInt64 = 0
      for index in start..<min(start + 8, bytes.count) { word |= UInt64(bytes[index]) << UInt64(8 * (index - start)) }
      value = (value ^ word) &* 0x100_0000_01B3
    }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func equal(_ found: GGUFValue, _ wanted: JSON) -> Bool {
    switch (found, wanted) {
    case (.bool(let value), .bool(let other)): return value == other
    case (.string(let value), .string(let other)): return value == other
    case (.float32(let value), _):
      guard let other = wanted.double else { return false }
      return abs(Double(value) - other) <= 1e-6 * max(abs(other), 1e-30)
    case (.array, _): return true
    default: return found.integer == wanted.int && wanted.int != nil
    }
  }

  @Test(arguments: names) func keysAndWeightsAreTheSame(_ name: String) throws {
    let path = GoldenFiles.url("architectures/\(name)/listing.json")
    let json = try JSON(parsing: [UInt8](Data(contentsOf: path)))
    let checkpoint = try Checkpoint(path: GoldenArchitecture(name).path)
    let keys = try #require(json["keys"]?.members)
    #expect(keys.count >= 7)
    for key in keys where !Self.isLeftOut(key) {
      let found = try #require(checkpoint.entry(key.key), "\(key.key) = \(key.value)")
      #expect(Self.equal(found.value, key.value), "\(key.key) = \(key.value), not \(found.value)")
    }
    let tensors = try #require(json["tensors"]?.members)
    #expect(tensors.count >= 15 && tensors.count == checkpoint.tensors.count)
    for tensor in tensors {
      let found = try #require(checkpoint.tensorIfPresent(tensor.key), "\(tensor.key)")
      let shape = tensor.value["shape"]?.elements?.map { $0.int ?? -1 }
      #expect(found.shape.dimensions == shape, "\(tensor.key)")
      // These are computed, and rounded in another way.
      if tensor.key.hasPrefix("rope_") { continue }
      let values = try found.values()
      let own = Self.hash(UnsafeRawBufferPointer(start: values.pointer, count: found.byteCount))
      #expect(own == tensor.value["hash"]?.text, "\(tensor.key)")
    }
  }

  /// What the house has no use for: the vocabulary's size, which the embedding has too, zeros that stand for nothing, and
  /// the original length where positions are not scaled.
  private static func isLeftOut(_ key: JSON.Member) -> Bool {
    key.key.hasSuffix(".vocab_size") || key.value.int == 0
      || (key.key == "phi3.rope.scaling.original_context_length" && key.value.int == 128)
  }
}
