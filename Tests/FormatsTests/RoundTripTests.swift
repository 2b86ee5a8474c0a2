import Formats
import NumericTypes
import Testing
import VenturiTesting

@Suite("GGUF: what is written is what is read")
struct RoundTripTests {
  @Test(
    "A tiny model holds what it was made of",
    arguments: DType.allCases.filter { $0.isBlockQuantized && $0.blockLength <= 64 } + [.f32, .f16, .bf16])
  func tinyModel(dtype: DType) throws {
    let file = try GGUFFile(ByteView(copying: TinyLlama.file(seed: 3, dtype: dtype, tied: false)))
    #expect(file.version == 3)
    #expect(file.alignment == 32)
    #expect(try file.string("general.architecture") == "llama")
    #expect(try file.uint("llama.block_count", in: 1...64) == 2)
    #expect(try file.float("llama.attention.layer_norm_rms_epsilon", in: 0...1) == 1e-5)
    #expect(try file.bool("tokenizer.ggml.add_bos_token") == false)
    #expect(try file.string("tokenizer.chat_template") == TinyLlama.chatTemplate)
    let tokens = try file.strings("tokenizer.ggml.tokens", count: 300)
    #expect(tokens.map { String(decoding: $0, as: UTF8.self) } == TinyLlama.tokens)
    #expect(Set(TinyLlama.tokens).count == 300)
    #expect(try file.strings("tokenizer.ggml.merges").map { String(decoding: $0, as: UTF8.self) } == TinyLlama.merges)
    #expect(try file.int32s("tokenizer.ggml.token_type", count: 300).prefix(4) == [3, 3, 3, 1])
    #expect(file.tensors.count == 1 + 2 * 9 + 2)
    let embedding = try file.tensor("token_embd.weight", shape: [300, 64], dtypes: [dtype])
    #expect(embedding.extents == [64, 300])
    #expect(file.data(of: embedding).count == (try dtype.byteCount(of: 300 * 64)))
    #expect(try file.tensor("output_norm.weight", shape: [64], dtypes: [.f32]).count == 64)
    #expect(GGUFLaws.violations(in: file).isEmpty)
  }

  @Test("Types of larger blocks, in a model of width 256", arguments: DType.allCases.filter { $0.blockLength > 64 })
  func wideModel(dtype: DType) throws {
    var model = TinyLlama()
    (model.width, model.heads, model.kvHeads, model.feedForward, model.dtype) = (256, 8, 2, 512, dtype)
    let file = try GGUFFile(ByteView(copying: model.image().encoded()))
    #expect(try file.tensor("blk.1.ffn_down.weight", shape: [256, 512]).dtype == dtype)
    #expect(GGUFLaws.violations(in: file).isEmpty)
  }

  @Test("The writer and the tests' own encoder make the same bytes")
  func writerAgainstImage() throws {
    for (seed, dtype) in [(1 as UInt64, DType.f32), (2, .q4_1), (3, .q8_0), (4, .f16)] {
      let bytes = TinyLlama.file(seed: seed, dtype: dtype)
      let file = try GGUFFile(ByteView(copying: bytes))
      #expect(try GGUFWriter(copying: file).encoded() == bytes)
    }
  }

  @Test("Write, read, write again: 10,000 random files", .timeLimit(.minutes(5)))
  func identity() throws {
    var noise = GGUFNoise(seed: 2026)
    var kinds: Set<GGUFValueType> = []
    var dtypes: Set<DType> = []
    var alignments: Set<Int> = []
    for number in 0..<10_000 {
      let writer = try Self.randomFile(&noise)
      let bytes = try writer.encoded()
      let file = try GGUFFile(ByteView(copying: bytes))
      try #require(try GGUFWriter(copying: file).encoded() == bytes, "file \(number)")
      try #require(try Self.streamed(file, pieces: 1 + number % 50) == bytes, "file \(number), streamed")
      try #require(file.entries.count == writer.entries.count)
      try #require(GGUFLaws.violations(in: file).isEmpty, "file \(number)")
      for entry in file.entries { kinds.insert(entry.value.type) }
      for tensor in file.tensors { dtypes.insert(tensor.dtype) }
      alignments.insert(file.alignment)
    }
    #expect(kinds.count == GGUFValueType.allCases.count)
    #expect(dtypes.count == DType.allCases.count - 1)
    #expect(alignments.count >= 4)
  }

  /// The file written once more, its tensors announced and then handed over in pieces.
  static func streamed(_ file: GGUFFile, pieces: Int) throws -> [UInt8] {
    var writer = GGUFWriter()
    writer.version = file.version
    for entry in file.entries { writer.set(entry.key, entry.value) }
    for tensor in file.tensors { try writer.add(tensor: tensor.name, dtype: tensor.dtype, shape: tensor.shape) }
    var bytes: [UInt8] = []
    try writer.write(to: { bytes.append(contentsOf: $0) }) { tensor, emit in
      try file.data(of: file.tensor(tensor.name)).withUnsafeBytes { data in
        for start in stride(from: 0, to: data.count, by: pieces) {
          try emit(UnsafeRawBufferPointer(rebasing: data[start..<min(start + pieces, data.count)]))
        }
      }
    }
    return bytes
  }

  @Test("A tensor that comes with too few or too many bytes is refused by name")
  func wrongContent() throws {
    var writer = GGUFWriter()
    try writer.add(tensor: "a", dtype: .f32, shape: [2, 2])
    #expect(throws: FormatError.notWritable(field: "a", reason: "its bytes were not given")) { try writer.encoded() }
    for count in [0, 15, 17, 40] {
      let error = #expect(throws: FormatError.self) {
        try writer.write(to: { _ in }) { _, emit in try [UInt8](repeating: 1, count: count).withUnsafeBytes(emit) }
      }
      #expect(error?.field == "a")
    }
  }

  static func randomFile(_ noise: inout GGUFNoise) throws -> GGUFWriter {
    var writer = GGUFWriter()
    writer.version = noise.below(2) == 0 ? 2 : 3
    if noise.below(3) == 0 {
      writer.set("general.alignment", .uint32(UInt32(8) << UInt32(noise.below(6))))
    }
    for number in 0..<noise.below(12) { writer.set("key.\(number)", randomValue(&noise)) }
    let dtypes = DType.allCases.filter { GGUFTensorType.code(of: $0) != nil }
    for number in 0..<noise.below(6) {
      let dtype = dtypes[noise.below(dtypes.count)]
      var dimensions = (0..<noise.below(5)).map { _ in noise.below(4) }
      if dimensions.isEmpty, dtype.isBlockQuantized { dimensions = [1] }
      if let last = dimensions.indices.last { dimensions[last] *= dtype.blockLength }
      let shape = Shape(dimensions)
      let bytes = noise.bytes(try dtype.byteCount(of: shape.count))
      try writer.add(tensor: "t.\(number)", dtype: dtype, shape: shape, bytes: ByteView(copying: bytes))
    }
    return writer
  }

  static func randomValue(_ noise: inout GGUFNoise) -> GGUFValue {
    let bits = noise.next()
    let count = noise.below(5)
    switch noise.below(22) {
    case 0: return .uint8(UInt8(truncatingIfNeeded: bits))
    case 1: return .int8(Int8(truncatingIfNeeded: bits))
    case 2: return .uint16(UInt16(truncatingIfNeeded: bits))
    case 3: return .int16(Int16(truncatingIfNeeded: bits))
    case 4: return .uint32(UInt32(truncatingIfNeeded: bits))
    case 5: return .int32(Int32(truncatingIfNeeded: bits))
    case 6: return .uint64(bits)
    case 7: return .int64(Int64(bitPattern: bits))
    case 8: return .float32(noise.signed())
    case 9: return .float64(Double(noise.signed()))
    case 10: return .bool(bits & 1 == 1)
    case 11: return .string(String(decoding: noise.bytes(count * 4), as: UTF8.self))
    case 12: return .array(GGUFArray((0..<count).map { "s\($0)é" }))
    case 13: return .array(GGUFArray(byteStrings: (0..<count).map { _ in noise.bytes(noise.below(40)) }))
    case 14: return .array(GGUFArray((0..<count).map { Int8(truncatingIfNeeded: bits >> UInt64($0)) }))
    case 15: return .array(GGUFArray((0..<count).map { UInt16(truncatingIfNeeded: bits >> UInt64($0)) }))
    case 16: return .array(GGUFArray((0..<count).map { Int32(truncatingIfNeeded: bits >> UInt64($0)) }))
    case 17: return .array(GGUFArray((0..<count).map { bits >> UInt64($0) }))
    case 18: return .array(GGUFArray((0..<count).map { Float($0) / 3 }))
    case 19: return .array(GGUFArray((0..<count).map { Double($0) / 3 }))
    case 20: return .array(GGUFArray((0..<count).map { $0 & 1 == 0 }))
    default: return .array(GGUFArray([String]()))
    }
  }
}
