import Formats
import Foundation
import NumericTypes
import Testing
import VenturiTesting

/// Files that the format's own library wrote; `Golden/scripts/make_safetensors.py` makes them.
@Suite("Safetensors: what the reference library wrote")
struct SafetensorsGoldenTests {
  private static func file(_ name: String) throws -> (bytes: [UInt8], file: SafetensorsFile) {
    let bytes = try [UInt8](Data(contentsOf: GoldenFiles.url("safetensors/\(name).safetensors.bin")))
    return (bytes, try SafetensorsFile(ByteView(copying: bytes)))
  }

  @Test("Every tensor has its type, shape and bytes", arguments: ["all", "read"])
  func content(name: String) throws {
    let (_, file) = try Self.file(name)
    let text = try [UInt8](Data(contentsOf: GoldenFiles.url("safetensors/\(name).json")))
    let expected = try #require(try JSON(parsing: text)["tensors"]?.elements)
    #expect(expected.count >= 46)
    #expect(file.tensors.count + file.unread.count == expected.count)
    #expect(SafetensorsLaws.violations(in: file).isEmpty)
    #expect(file[metadata: "format"] == "pt \"1\"\n/ü")
    var read = 0
    for tensor in expected {
      let name = try #require(tensor["name"]?.text)
      let type = try #require(tensor["dtype"]?.text)
      let shape = try #require(tensor["shape"]?.elements?.map { $0.int })
      let data = try #require(tensor["bytes"]?.text.flatMap { Data(base64Encoded: $0) })
      if let found = file.tensorIfPresent(name) {
        read += 1
        #expect(SafetensorsType.name(of: found.dtype) == type)
        #expect(found.shape.dimensions == shape)
        #expect(file.data(of: found).withUnsafeBytes(Array.init) == [UInt8](data), "\(name)")
      } else {
        let unread = try #require(file.unreadIfPresent(name), "\(name)")
        #expect(unread.typeName == type)
        #expect(unread.shape.dimensions == shape)
        #expect(file.bytes[unread.byteRange].withUnsafeBytes(Array.init) == [UInt8](data), "\(name)")
        #expect { try file.tensor(name) } throws: {
          ($0 as? FormatError)?.field == "\(name) (dtype)" && "\($0)".contains(type)
        }
      }
    }
    #expect(read >= 46)
  }

  @Test("The writer makes the same bytes", arguments: ["all", "read"])
  func writing(name: String) throws {
    let (bytes, file) = try Self.file(name)
    var writer = try SafetensorsWriter(copying: file)
    #expect(try writer.encoded() == bytes)
    // In another order, and streamed.
    writer = SafetensorsWriter()
    for tensor in file.tensors.reversed() {
      try writer.add(tensor: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: file.data(of: tensor))
    }
    for (key, value) in file.metadata { writer.metadata[key] = value }
    var streamed: [UInt8] = []
    try writer.write { streamed.append(contentsOf: $0) }
    #expect(streamed == (try writer.encoded()))
    if file.unread.isEmpty { #expect(streamed == bytes) }
  }
}
