import Formats
import Foundation
import Models
import Numerics
import Testing
import VenturiTesting

/// What the house makes of a folder against what llama.cpp's converter makes of it: the same keys, the same names, shapes
/// and numbers of weights. `Golden/scripts/make_listings.py` makes the lists.
@Suite struct ConvertedFolderTests {
  static let names = [
    "deepseek_v2", "deepseek_v3", "gemma2", "gpt2", "llama3", "llama_linear", "llama_yarn", "mamba2", "mistral",
    "mixtral",
    "olmoe", "phi3", "phi3_longrope", "qwen2", "qwen2_moe", "qwen3", "rwkv7",
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
    #expect(keys.count >= 8)
    for key in keys {
      guard let found = checkpoint.entry(key.key) else {
        print("MISSING", name, key.key, key.value)
        continue
      }
      if !Self.equal(found.value, key.value) { print("DIFFERS", name, key.key, found.value, key.value) }
    }
    let tensors = try #require(json["tensors"]?.members)
    #expect(tensors.count >= 20)
    for tensor in tensors {
      guard let found = checkpoint.tensorIfPresent(tensor.key) else {
        print("NO TENSOR", name, tensor.key)
        continue
      }
      let shape = tensor.value["shape"]?.elements?.map { $0.int ?? -1 }
      if found.shape.dimensions != shape { print("SHAPE", name, tensor.key, found.shape, shape ?? []) }
      let values = try found.values()
      let own = Self.hash(UnsafeRawBufferPointer(start: values.pointer, count: found.byteCount))
      if own != tensor.value["hash"]?.text { print("HASH", name, tensor.key) }
    }
    for own in checkpoint.tensors where json["tensors"]?[own.name] == nil { print("EXTRA", name, own.name) }
  }
}
