import Formats
import NumericTypes
import Testing
import VenturiTesting

@Suite("Safetensors: a model in several files")
struct SafetensorsShardTests {
  private static let names = (1...3).map { "model-0000\($0)-of-00003.safetensors" }

  private static func file(_ tensors: String...) throws -> SafetensorsFile {
    var writer = SafetensorsWriter()
    for (number, name) in tensors.enumerated() {
      try writer.add(tensor: name, dtype: .i8, shape: [1], bytes: ByteView(copying: [UInt8(number)]))
    }
    return try SafetensorsFile(ByteView(copying: writer.encoded()))
  }

  private static func index(_ map: [(String, String)]) throws -> SafetensorsIndex {
    let members = map.map { JSON.Member($0.0, .string($0.1)) }
    return try SafetensorsIndex(ByteView(copying: JSON.object([JSON.Member("weight_map", .object(members))]).line.utf8))
  }

  @Test("Which files hold the model")
  func files() throws {
    let index = try Self.index([("a", Self.names[2]), ("b", Self.names[0])])
    // The file that the index forgets is found, others are left alone.
    let listing = Self.names + ["consolidated.safetensors", "adapter.safetensors", "config.json"]
    #expect(
      try SafetensorsShards.files(index: index, listing: listing) == [Self.names[2], Self.names[0], Self.names[1]])
    #expect(throws: FormatError.missingFile(field: Self.names[1])) {
      try SafetensorsShards.files(index: index, listing: [Self.names[0], Self.names[2]])
    }
    #expect(throws: FormatError.missingFile(field: Self.names[2])) {
      try SafetensorsShards.files(index: index, listing: [Self.names[0], Self.names[1]])
    }
    // Without an index.
    #expect(
      try SafetensorsShards.files(index: nil, listing: ["x.safetensors", "model.safetensors"]) == ["model.safetensors"])
    #expect(try SafetensorsShards.files(index: nil, listing: Self.names.reversed() + ["x.safetensors"]) == Self.names)
    #expect(try SafetensorsShards.files(index: nil, listing: ["x.safetensors", "b.json"]) == ["x.safetensors"])
    #expect(throws: FormatError.missingFile(field: "model.safetensors")) {
      try SafetensorsShards.files(index: nil, listing: ["config.json", "model.gguf"])
    }
    #expect(throws: FormatError.missingFile(field: Self.names[1])) {
      try SafetensorsShards.files(index: nil, listing: [Self.names[0], Self.names[2]])
    }
    for ambiguous in [["a.safetensors", "b.safetensors"], Self.names + ["x-00001-of-00001.safetensors"]] {
      #expect { try SafetensorsShards.files(index: nil, listing: ambiguous) } throws: {
        ($0 as? FormatError)?.field == "model.safetensors" && "\($0)".contains("several")
      }
    }
    // A series that cannot be there.
    #expect(throws: FormatError.missingFile(field: "m-00001-of-99999.safetensors")) {
      try SafetensorsShards.files(index: nil, listing: ["m-00002-of-99999.safetensors"])
    }
  }

  @Test("Each tensor is found in its file, those that the index forgets too")
  func joined() throws {
    let index = try Self.index([("a", Self.names[0]), ("c", Self.names[1])])
    let parts = [(Self.names[0], try Self.file("a", "b")), (Self.names[1], try Self.file("c"))]
    let model = try SafetensorsShards(index: index, parts: parts + [(Self.names[2], try Self.file("d"))])
    #expect(["a", "b", "c", "d", "e"].map(model.part(of:)) == [0, 0, 1, 2, nil])
    #expect(try model.tensor("b").tensor.byteRange.count == 1)
    #expect(model.tensorIfPresent("e") == nil)
    #expect(throws: FormatError.missingTensor(field: "e")) { try model.tensor("e") }
  }

  @Test("What contradicts itself is refused by name")
  func refused() throws {
    func error(_ map: [(String, String)]?, _ parts: [(String, SafetensorsFile)]) -> FormatError? {
      do {
        _ = try SafetensorsShards(index: try map.map(Self.index), parts: parts)
        return nil
      } catch { return error as? FormatError }
    }
    let (a, b) = (try Self.file("x", "y"), try Self.file("y", "z"))
    let twice = error(nil, [("a.safetensors", a), ("b.safetensors", b)])
    #expect(twice?.field == "y" && "\(twice!)".contains("in a.safetensors and in b.safetensors"))
    #expect(error(nil, [("a.safetensors", a), ("a.safetensors", try Self.file("q"))])?.field == "a.safetensors")
    let elsewhere = error([("x", "b.safetensors")], [("a.safetensors", a), ("b.safetensors", try Self.file("q"))])
    #expect(elsewhere?.field == "x" && "\(elsewhere!)".contains("it is in a.safetensors"))
    let nowhere = error([("n", "a.safetensors")], [("a.safetensors", a)])
    #expect(nowhere?.field == "n" && "\(nowhere!)".contains("no file has it"))
    #expect(error([("x", "c.safetensors")], [("a.safetensors", a)]) == .missingFile(field: "c.safetensors"))
  }

  @Test("Names of parts")
  func partNames() {
    let part = PartName("a-b-00002-of-00010.gguf", suffix: ".gguf")
    #expect(part == PartName(stem: "a-b", number: 2, count: 10, suffix: ".gguf"))
    #expect(part?.name == "a-b-00002-of-00010.gguf")
    #expect(part?.all.count == 10 && part?.all.last?.name == "a-b-00010-of-00010.gguf")
    for name in [
      "a.gguf", "a-00001-of-00002.bin", "a-0001-of-0002.gguf", "a-00000-of-00002.gguf", "a-00003-of-00002.gguf",
      "a-00001-of-00000.gguf", "00001-of-00002.gguf", "a-00001_of-00002.gguf", "a-0000x-of-00002.gguf", ".gguf", "",
      "a-+0001-of-00002.gguf",
    ] { #expect(PartName(name, suffix: ".gguf") == nil, "\(name)") }
  }
}
