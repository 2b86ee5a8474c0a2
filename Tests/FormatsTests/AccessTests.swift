import Formats
import NumericTypes
import Testing
import VenturiTesting

@Suite("GGUF: typed access, limits, the reader and the writer")
struct AccessTests {
  /// Calls `body` and gives the error that it throws; an issue when it throws none, or one of another type.
  func failure(_ body: () throws -> Void) -> FormatError? {
    do {
      try body()
      Issue.record("nothing was thrown")
    } catch let error as FormatError {
      return error
    } catch {
      Issue.record("\(error) was thrown")
    }
    return nil
  }

  func file(_ change: (inout GGUFWriter) -> Void) throws -> GGUFFile {
    var writer = GGUFWriter()
    change(&writer)
    return try GGUFFile(ByteView(copying: try writer.encoded()))
  }

  @Test("Scalars: the right type, the range, and what is absent")
  func scalars() throws {
    let file = try file {
      $0.set("text", .string("word"))
      for (key, value) in [
        "u8": .uint8(8), "i8": .int8(-8), "u16": .uint16(16), "i16": .int16(16), "i32": .int32(32),
        "u64": .uint64(.max),
        "i64": .int64(64), "f32": .float32(0.5), "f64": .float64(0.25), "nan": .float32(.nan), "huge": .float64(1e300),
        "yes": .bool(true),
      ] as [String: GGUFValue] { $0.set(key, value) }
    }
    #expect(try file.string("text") == "word")
    #expect(
      try [file.uint("u8"), file.uint("u16"), file.uint("i16"), file.uint("i32"), file.uint("i64")] == [
        8, 16, 16, 32, 64,
      ])
    #expect(try file.float("f32") == 0.5)
    #expect(try file.float("f64", in: 0...1) == 0.25)
    #expect(try file.bool("yes"))
    #expect(try file.stringIfPresent("none") == nil)
    #expect(try file.uintIfPresent("none") == nil)
    #expect(try file.floatIfPresent("none") == nil)
    #expect(try file.boolIfPresent("none") == nil)
    #expect(file["none"] == nil)
    #expect(failure { _ = try file.string("none") } == .missingKey(field: "none"))
    let u8 = try #require(file.entry("u8")).offset
    #expect(
      failure { _ = try file.uint("u8", in: 9...10) }
        == .invalidValue(field: "u8", offset: u8, value: "8", expected: "9 to 10"))
    #expect(
      failure { _ = try file.float("u8") }
        == .wrongType(field: "u8", offset: u8, found: "uint8", expected: "float32 or float64"))
    for key in ["i8", "u64"] { #expect(failure { _ = try file.uint(key) }?.field == key) }
    for key in ["nan", "huge"] { #expect(failure { _ = try file.float(key) }?.field == key) }
    for key in ["text", "f32", "yes"] { #expect(failure { _ = try file.uintIfPresent(key) }?.field == key) }
    #expect(failure { _ = try file.stringIfPresent("u8") }?.offset == u8)
    #expect(failure { _ = try file.boolIfPresent("u8") }?.offset == u8)
    #expect(failure { _ = try file.floatIfPresent("text") }?.field == "text")
  }

  @Test("Arrays: the right type and count; elements out of range are told by their place")
  func arrays() throws {
    let long = String(repeating: "x", count: 70)
    let file = try file {
      $0.set("strings", .array(GGUFArray(["", "a", long, "0123456789abcdef", "", "é"])))
      $0.set("none", .array(GGUFArray([String]())))
      $0.set("bytes", .array(GGUFArray(byteStrings: [[0xFF], []])))
      $0.set("i32", .array(GGUFArray([Int32.min, 0, Int32.max])))
      $0.set("u32", .array(GGUFArray([UInt32(1), 1 << 31])))
      $0.set("u8", .array(GGUFArray([UInt8(1), 2])))
      $0.set("f32", .array(GGUFArray([Float(1), .infinity])))
      $0.set("yes", .array(GGUFArray([true, false])))
    }
    let strings = try file.strings("strings", count: 6)
    #expect(strings.indices.map(strings.string) == ["", "a", long, "0123456789abcdef", "", "é"])
    #expect(strings.offsets == [0, 0, 1, 71, 87, 87, 89])
    #expect(strings.bytes.count == 89)
    #expect(try file.strings("none").isEmpty)
    #expect(try file.strings("bytes").string(0) == "\u{FFFD}")
    #expect(try file.int32s("i32") == [.min, 0, .max])
    #expect(try file.floats("f32", count: 2) == [1, .infinity])
    #expect(try file.bools("yes") == [true, false])
    let offset = try #require(file.entry("strings")).offset
    #expect(
      failure { _ = try file.strings("strings", count: 5) }
        == .wrongCount(field: "strings", offset: offset, found: 6, expected: 5))
    #expect(failure { _ = try file.int32s("u32") }?.field == "u32[1]")
    #expect(failure { _ = try file.int32s("u8") }?.field == "u8")
    #expect(failure { _ = try file.floats("i32") }?.field == "i32")
    #expect(failure { _ = try file.bools("u8") }?.field == "u8")
    #expect(failure { _ = try file.strings("i32") }?.field == "i32")
  }

  @Test("A bool array's bytes are 0 or 1")
  func boolArray() throws {
    var image = MalformedGGUF.base
    image.set("flags", type: 9, payload: GGUFBytes.array(of: 7, count: 3, [0, 1, 2]))
    let file = try GGUFFile(ByteView(copying: image.encoded()))
    let offset = try #require(file.entry("flags")).offset + 14
    #expect(
      failure { _ = try file.bools("flags") }
        == .invalidValue(field: "flags[2]", offset: offset, value: "2", expected: "0 or 1"))
  }

  @Test("Tensors: name, shape and type")
  func tensors() throws {
    let file = try GGUFFile(ByteView(copying: MalformedGGUF.base.encoded()))
    #expect(failure { _ = try file.tensor("z.weight") } == .missingTensor(field: "z.weight"))
    let tensor = try file.tensor("x.weight", shape: [4, 8], dtypes: [.f32])
    #expect(
      failure { _ = try file.tensor("x.weight", shape: [8, 4]) }
        == .wrongShape(field: "x.weight", offset: tensor.infoOffset, found: [4, 8], expected: [8, 4]))
    #expect(
      failure { _ = try file.tensor("x.weight", shape: [4, 8], dtypes: [.q8_0, .f16]) }
        == .wrongType(field: "x.weight", offset: tensor.infoOffset, found: "F32", expected: "F16, Q8_0"))
    #expect(file.data(of: tensor) == ByteView(copying: MalformedGGUF.base.tensors[0].data))
  }

  @Test("Empty files, empty tensors, and bytes after the last one are valid")
  func edges() throws {
    #expect(try file { _ in }.tensors.isEmpty)
    var image = MalformedGGUF.base
    image.tensors.append(GGUFImage.Tensor("empty", extents: [32, 0, 5], type: 8, data: []))
    image.tensors.append(GGUFImage.Tensor("scalar", extents: [], type: 0, data: [0, 0, 0x80, 0x3F]))
    image.trailing = [1, 2, 3]
    let file = try GGUFFile(ByteView(copying: image.encoded()))
    #expect(try file.tensor("empty").shape == [5, 0, 32])
    #expect(try file.data(of: file.tensor("empty")).count == 0)
    #expect(try file.tensor("scalar").shape == [])
    image = GGUFImage()
    image.tensors = [GGUFImage.Tensor("empty", extents: [0], type: 0, data: [])]
    #expect(try GGUFFile(ByteView(copying: image.header())).tensors.count == 1)
  }

  @Test("Limits and the memory budget hold")
  func limits() throws {
    let bytes = ByteView(copying: MalformedGGUF.base.encoded())
    func refused(_ change: (inout GGUFLimits) -> Void) -> FormatError? {
      var limits = GGUFLimits()
      change(&limits)
      return failure { _ = try GGUFFile(bytes, limits: limits) }
    }
    #expect(
      refused { $0.metadataEntries = 4 } == .limitExceeded(field: "metadata count", offset: 16, value: 5, limit: 4))
    #expect(refused { $0.tensors = 1 } == .limitExceeded(field: "tensor count", offset: 8, value: 2, limit: 1))
    #expect(refused { $0.keyBytes = 10 }?.field == "metadata[0].key (length)")
    #expect(refused { $0.tensorNameBytes = 7 }?.field == "tensor[0].name (length)")
    #expect(refused { $0.rank = 1 }?.field == "x.weight (dimension count)")
    #expect(refused { $0.stringBytes = 4 }?.field == "general.architecture (length)")
    #expect(refused { $0.stringArrayBytes = 31 }?.field == "a.strings")
    guard case .budgetExceeded(let field, _, _, let budget) = refused({ $0.memoryBudget = 100 }) else {
      Issue.record("no budget held")
      return
    }
    #expect(field == "metadata count")
    #expect(budget == 100)
    #expect(refused { $0.memoryBudget = 800 }?.field == "tensor count")
  }

  @Test("A file that changes after it was parsed is an error, not a read out of bounds")
  func changedFile() throws {
    var bytes = MalformedGGUF.base.encoded()
    try bytes.withUnsafeMutableBytes { raw in
      let file = try GGUFFile(UnsafeRawBufferPointer(raw), keeper: nil)
      #expect(try file.strings("a.strings").count == 3)
      let first = try #require(file.entry("a.strings")).offset + 12
      for length: UInt64 in [4, 100, .max] {
        raw.storeBytes(of: length.littleEndian, toByteOffset: first, as: UInt64.self)
        #expect(failure { _ = try file.strings("a.strings") }?.field.hasPrefix("a.strings[") == true)
      }
    }
  }

  @Test("What the format cannot hold is not written")
  func writer() throws {
    var writer = GGUFWriter()
    let two = ByteView(copying: [0, 0])
    func refused(_ name: String, _ dtype: DType, _ shape: Shape, _ bytes: ByteView) -> Bool {
      let error = failure {
        try writer.add(tensor: name, dtype: dtype, shape: shape, bytes: bytes)
      }
      return error?.field == name
    }
    #expect(refused("flags", .bool, [2], two))
    #expect(refused("", .f16, [1], two))
    #expect(refused(String(repeating: "n", count: 64), .f16, [1], two))
    #expect(refused("a\nb", .f16, [1], two))
    #expect(refused("deep", .f16, [1, 1, 1, 1, 1], two))
    #expect(refused("short", .f16, [2], two))
    #expect(refused("partial", .q8_0, [16, 2], ByteView(copying: [UInt8](repeating: 0, count: 34))))
    try writer.add(tensor: "once", dtype: .f16, shape: [1], bytes: two)
    #expect(refused("once", .f16, [1], two))
    for (key, value) in [
      ("", .bool(true)), ("a\u{7F}", .bool(true)), ("general.alignment", .uint32(24)),
      ("general.alignment", .int32(32)), ("general.alignment", .uint32(1 << 21)),
    ] as [(String, GGUFValue)] {
      var other = writer
      other.set(key, value)
      #expect(failure { _ = try other.encoded() }?.field == key)
    }
    writer.version = 1
    #expect(failure { _ = try writer.encoded() }?.field == "version")
    writer.version = 2
    writer.set("again", .uint8(1))
    writer.set("again", .uint8(2))
    #expect(try GGUFFile(ByteView(copying: writer.encoded())).uint("again") == 2)
  }

  @Test("The reader counts what it reads and never passes the end")
  func reader() throws {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 0xC3, 0xA9, 0xFF]
    try bytes.withUnsafeBytes { (raw: UnsafeRawBufferPointer) throws in
      var reader = ByteReader(raw, budget: 3)
      let word = try reader.uint32("word")
      #expect(word == 0x0403_0201)
      let half = try reader.integer(UInt16.self, "half")
      #expect(half == 0x0605)
      let two = try reader.skip(2, "two")
      #expect(two == 6..<8)
      #expect(
        failure { _ = try reader.uint64("eight") } == .truncated(field: "eight", offset: 8, needed: 8, available: 3))
      #expect(
        failure { _ = try reader.skip(.max, "all") } == .truncated(field: "all", offset: 8, needed: .max, available: 3))
      let text = try reader.text(2, "é")
      #expect(text == "é")
      #expect(reader.budget == 1)
      #expect(
        failure { try reader.charge(2, "more") } == .budgetExceeded(field: "more", offset: 10, needed: 2, budget: 1))
      #expect(failure { _ = try reader.text(1, "text") } == .invalidUTF8(field: "text", offset: 10))
      #expect(reader.remaining == 0)
      #expect(ByteReader(raw, offset: 100).remaining == 0)
      #expect(ByteReader(raw, offset: -1).remaining == 11)
    }
  }

  @Test("Every type number has a name; those that are read have the same number again")
  func tensorTypes() {
    #expect(DType.allCases.filter { GGUFTensorType.code(of: $0) == nil } == [.bool])
    for dtype in DType.allCases {
      guard let code = GGUFTensorType.code(of: dtype) else { continue }
      #expect(GGUFTensorType.dtype(ofCode: code) == dtype)
      #expect(GGUFTensorType.name(ofCode: code) == dtype.displayName)
    }
    for code: UInt32 in 0...42 { #expect(GGUFTensorType.name(ofCode: code) != "unknown", "\(code)") }
    for code: UInt32 in [4, 5, 31, 32, 33, 36, 37, 38] {
      #expect(GGUFTensorType.name(ofCode: code).contains("removed"))
      #expect(GGUFTensorType.dtype(ofCode: code) == nil)
    }
    #expect(GGUFTensorType.name(ofCode: 999) == "unknown")
  }
}
