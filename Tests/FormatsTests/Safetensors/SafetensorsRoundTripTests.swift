import Formats
import NumericTypes
import Testing
import VenturiTesting

@Suite("Safetensors: what is written is what is read")
struct SafetensorsRoundTripTests {
  private static let dtypes = DType.allCases.filter { SafetensorsType.name(of: $0) != nil }

  @Test("Write, read, write again: 10,000 random files", .timeLimit(.minutes(5)))
  func identity() throws {
    var noise = GGUFNoise(seed: 80)
    var (dtypes, ranks, empty) = (Set<DType>(), Set<Int>(), 0)
    for number in 0..<10_000 {
      let writer = try Self.randomFile(&noise)
      let bytes = try writer.encoded()
      let file = try SafetensorsFile(ByteView(copying: bytes))
      try #require(try SafetensorsWriter(copying: file).encoded() == bytes, "file \(number)")
      try #require(SafetensorsLaws.violations(in: file).isEmpty, "file \(number)")
      try #require(file.dataOffset.isMultiple(of: 8))
      for tensor in file.tensors {
        dtypes.insert(tensor.dtype)
        ranks.insert(tensor.shape.rank)
        if tensor.count == 0 { empty += 1 }
        try #require((tensor.byteRange.lowerBound - file.dataOffset).isMultiple(of: tensor.dtype.blockBytes))
      }
    }
    #expect(dtypes.count == Self.dtypes.count && dtypes.count >= 9)
    #expect(ranks.isSuperset(of: 0...4))
    #expect(empty > 1_000)
  }

  static func randomFile(_ noise: inout GGUFNoise) throws -> SafetensorsWriter {
    var writer = SafetensorsWriter()
    let letters = ["a", "é", "\"", "\\", "/", "😀", " ", ".", "\u{2028}"]
    func text(_ noise: inout GGUFNoise) -> String { (0..<noise.below(4)).map { _ in letters[noise.below(9)] }.joined() }
    for number in 0..<noise.below(4) { writer.metadata["\(text(&noise))\(number)"] = text(&noise) + "\n" }
    for number in 0..<noise.below(7) {
      let dtype = dtypes[noise.below(dtypes.count)]
      let shape = Shape((0..<noise.below(5)).map { _ in noise.below(4) })
      let bytes = noise.bytes(try dtype.byteCount(of: shape.count))
      try writer.add(tensor: "\(text(&noise))\(number)", dtype: dtype, shape: shape, bytes: ByteView(copying: bytes))
    }
    return writer
  }

  @Test("What the format cannot hold is not written")
  func refused() throws {
    var writer = SafetensorsWriter()
    let one = ByteView(copying: [1])
    try writer.add(tensor: "a", dtype: .i8, shape: [1], bytes: one)
    func refuses(_ name: String, _ dtype: DType, _ shape: Shape, _ bytes: ByteView) -> Bool {
      var copy = writer
      do throws(FormatError) { try copy.add(tensor: name, dtype: dtype, shape: shape, bytes: bytes) } catch {
        if case .notWritable(let field, _) = error { return field == name }
      }
      return false
    }
    #expect(refuses("a", .i8, [1], one))
    #expect(refuses("", .i8, [1], one))
    #expect(refuses("__metadata__", .i8, [1], one))
    #expect(refuses("b\n", .i8, [1], one))
    #expect(refuses(String(repeating: "n", count: 1025), .i8, [1], one))
    #expect(refuses("b", .i8, [2], one))
    #expect(refuses("b", .f32, [1], one))
    #expect(refuses("b", .q4_0, [32], ByteView(copying: [UInt8](repeating: 0, count: 18))))
    #expect(refuses("b", .i8, [1, 1, 1, 1, 1, 1, 1, 1, 1], one))
    #expect(writer.dataBytes == 1)
  }

  @Test("Shape, type and absence")
  func access() throws {
    let file = try SafetensorsFile(ByteView(copying: MalformedSafetensors.base))
    #expect(try file.tensor("x", shape: [2, 2], dtypes: [.f32]).count == 4)
    #expect(throws: FormatError.missingTensor(field: "z")) { try file.tensor("z") }
    #expect { try file.tensor("x", shape: [4]) } throws: { "\($0)".contains("shape [2, 2], expected [4]") }
    #expect { try file.tensor("x", shape: [2, 2], dtypes: [.f16]) } throws: { "\($0)".contains("F32, expected F16") }
    #expect(file[metadata: "none"] == nil)
  }
}
