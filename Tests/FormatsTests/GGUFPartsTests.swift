import Formats
import NumericTypes
import Testing
import VenturiTesting

@Suite("GGUF: a model in several files")
struct GGUFPartsTests {
  private typealias Part = (name: String, file: GGUFFile)

  private static func names(_ count: Int, stem: String = "m") -> [String] {
    (1...count).map { PartName(stem: stem, number: $0, count: count, suffix: ".gguf").name }
  }

  private static func part(_ number: Int, of count: Int, total: Int?, _ tensors: [String]) throws -> GGUFFile {
    var writer = GGUFWriter()
    writer.set("split.no", .uint16(UInt16(number)))
    writer.set("split.count", .uint16(UInt16(count)))
    if let total { writer.set("split.tensors.count", .int32(Int32(total))) }
    if number == 0 { writer.set("general.architecture", .string("llama")) }
    for name in tensors { try writer.add(tensor: name, dtype: .i8, shape: [1], bytes: ByteView(copying: [7])) }
    return try GGUFFile(ByteView(copying: writer.encoded()), allowsParts: true)
  }

  @Test("Split and joined, a model is what it was", arguments: [0, 4096, 20_000, .max])
  func roundTrip(maximumBytes: Int) throws {
    let whole = try GGUFFile(ByteView(copying: TinyLlama.file(dtype: .q8_0)))
    let writers = try GGUFParts.split(whole, maximumBytes: maximumBytes)
    #expect(maximumBytes == .max ? writers.count == 1 : writers.count > 3)
    let names = Self.names(writers.count)
    let files = try zip(names, writers).map { name, writer -> Part in
      (name, try GGUFFile(ByteView(copying: writer.encoded()), allowsParts: true))
    }
    guard writers.count > 1 else {
      #expect(files[0].file.split == nil && files[0].file.tensors.count == whole.tensors.count)
      return
    }
    for (part, name) in zip(files, names) {
      #expect(try GGUFParts.names(of: part.file, named: name) == names)
      #expect(throws: FormatError.self) { try GGUFFile(part.file.bytes) }
      let data = part.file.tensors.reduce(0) { $0 + $1.byteRange.count }
      #expect(part.file.tensors.count == 1 || data <= maximumBytes)
    }
    let model = try GGUFParts(files.shuffled())
    #expect(model.parts.map(\.name) == names)
    #expect(model.entries.map(\.key) == whole.entries.map(\.key))
    #expect(model.tensors.map(\.tensor.name) == whole.tensors.map(\.name))
    for ((part, tensor), original) in zip(model.tensors, whole.tensors) {
      #expect(model.parts[part].file.data(of: tensor) == whole.data(of: original), "\(tensor.name)")
    }
  }

  @Test("A first part without tensors, as other tools write it, is valid")
  func emptyFirstPart() throws {
    let parts = [(0, [String]()), (1, ["a", "b"])]
    let files = try parts.map { (Self.names(2)[$0.0], try Self.part($0.0, of: 2, total: 2, $0.1)) }
    #expect(try GGUFParts(files).tensors.map(\.tensor.name) == ["a", "b"])
  }

  /// G17: what does not fit together, with the field that the error must name.
  private static func hostile() throws -> [(String, String, [Part])] {
    let n3 = names(3)
    let good = try [["a"], ["b"], ["c"]].enumerated().map { (n3[$0], try part($0, of: 3, total: 3, $1)) }
    func changed(_ index: Int, _ part: Part) -> [Part] {
      var parts: [Part] = good.map { ($0.0, $0.1) }
      parts[index] = part
      return parts
    }
    let whole = try GGUFFile(ByteView(copying: GGUFWriter().encoded()))
    return [
      ("no part", "split.count", []),
      ("a whole file first", "split.count", changed(0, (n3[0], whole))),
      ("a whole file among the parts", n3[1], changed(1, (n3[1], whole))),
      ("the first part is missing", n3[0], Array(good[1...])),
      ("the second part is missing", n3[1], [good[0], good[2]]),
      ("the last part is missing", n3[2], Array(good[..<2])),
      ("the same part twice", n3[2], changed(2, (n3[2], good[1].1))),
      ("the same file twice", n3[1], [good[0], good[1], good[1]]),
      ("one part too many", n3[2], good + [(n3[2], try part(2, of: 3, total: 3, []))]),
      ("a part of another count", n3[1], changed(1, (n3[1], try part(1, of: 4, total: 3, ["b"])))),
      ("a tensor in two parts", "a", changed(2, (n3[2], try part(2, of: 3, total: 3, ["a"])))),
      ("a total too small", "split.tensors.count", changed(0, (n3[0], try part(0, of: 3, total: 2, ["a"])))),
      ("a total too large", "split.tensors.count", changed(1, (n3[1], try part(1, of: 3, total: 9, ["b"])))),
      ("a tensor missing", "split.tensors.count", changed(2, (n3[2], try part(2, of: 3, total: nil, [])))),
    ]
  }

  @Test("What does not fit together is refused by name")
  func refused() throws {
    let hostile = try Self.hostile()
    #expect(hostile.count >= 14)
    for (name, field, parts) in hostile {
      do {
        _ = try GGUFParts(parts)
        Issue.record("\(name): was accepted")
      } catch {
        #expect(error.field == field, "\(name): \(error)")
        #expect(!error.description.isEmpty)
      }
    }
  }

  @Test("A part has the name of its number")
  func fileNames() throws {
    let part = try Self.part(1, of: 3, total: 3, ["b"])
    #expect(try GGUFParts.names(of: part, named: "x-00002-of-00003.gguf") == Self.names(3, stem: "x"))
    let hostile = [
      "x.gguf", "x-00001-of-00003.gguf", "x-00002-of-00004.gguf", "x-00002-of-00003.bin", "../x-00002-of-00003.gguf",
      "/x-00002-of-00003.gguf", "a/x-00002-of-00003.gguf", "x\\-00002-of-00003.gguf", "..", "",
      "x\0-00002-of-00003.gguf",
      "~-00002-of-00003.gguf", "C:x-00002-of-00003.gguf",
    ]
    for name in hostile {
      #expect(throws: FormatError.self, "\(name)") { try GGUFParts.names(of: part, named: name) }
    }
    // A whole file may be called what it likes.
    let whole = try GGUFFile(ByteView(copying: GGUFWriter().encoded()), allowsParts: true)
    #expect(try GGUFParts.names(of: whole, named: "model") == ["model"])
  }

  @Test(
    "Numbers that are no part's are refused by the parser",
    arguments: [
      ("split.no", 2, 2), ("split.no", 0xFFFF, 2), ("split.count", 0, 0), ("split.count", 0, -1),
    ])
  func numbers(field: String, number: Int, count: Int) throws {
    var writer = GGUFWriter()
    writer.set("split.no", .uint16(UInt16(number)))
    writer.set("split.count", .int32(Int32(count)))
    let bytes = try writer.encoded()
    #expect { try GGUFFile(ByteView(copying: bytes), allowsParts: true) } throws: {
      ($0 as? FormatError)?.field == field
    }
  }
}
