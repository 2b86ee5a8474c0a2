import Compression
import Formats
import Testing

@Suite("Importance")
struct ImportanceTests {
  private static func sample() -> Importance {
    Importance(
      entries: [
        "blk.0.ffn_down.weight": .init(sums: [4, 0, 2, 1e-30], counts: [8]),
        "blk.0.ffn_up_exps.weight": .init(sums: [1, 2, 0, 0, 3, 6], counts: [2, 0, 5]),
      ], dataset: "text", chunks: (3, 512))
  }

  @Test("What is written is read")
  func roundTrip() throws {
    let importance = Self.sample()
    let bytes = try importance.encoded()
    #expect(try Importance(GGUFFile(ByteView(copying: bytes))) == importance)
  }

  @Test("Weights reach from 1e-8 to 1; what saw no rows weighs all the same")
  func weights() throws {
    let importance = Self.sample()
    #expect(try importance.weights(of: "blk.0.ffn_down.weight", width: 4, matrices: 1) == [1, 1e-8, 0.5, 1e-8])
    #expect(try importance.weights(of: "blk.0.ffn_up_exps.weight", width: 2, matrices: 3) == [0.5, 1, 1, 1, 0.5, 1])
    #expect(try importance.weights(of: "other", width: 4, matrices: 1) == nil)
  }

  @Test("Numbers that are no weights, and other sizes, are refused by name")
  func refusals() throws {
    for bad: Float in [.nan, .infinity, -1] {
      var importance = Self.sample()
      importance.entries["blk.0.ffn_down.weight"]?.sums[2] = bad
      #expect(throws: CompressionError.importance(name: "blk.0.ffn_down.weight", problem: "column 2 is \(bad)")) {
        try importance.weights(of: "blk.0.ffn_down.weight", width: 4, matrices: 1)
      }
      importance = Self.sample()
      importance.entries["blk.0.ffn_down.weight"]?.counts[0] = bad
      #expect(throws: CompressionError.self) {
        try importance.weights(of: "blk.0.ffn_down.weight", width: 4, matrices: 1)
      }
    }
    for (width, matrices) in [(3, 1), (4, 2), (2, 2), (0, 0)] {
      #expect(throws: CompressionError.self) {
        try Self.sample().weights(of: "blk.0.ffn_down.weight", width: width, matrices: matrices)
      }
    }
  }

  @Test("Files that are no importance are refused")
  func files() throws {
    func read(_ change: (inout GGUFWriter) throws -> Void) throws -> Importance {
      var writer = GGUFWriter()
      writer.set("general.type", .string("imatrix"))
      try change(&writer)
      return try Importance(GGUFFile(ByteView(copying: writer.encoded())))
    }
    let four = ByteView(copying: [UInt8](repeating: 0, count: 16))
    #expect(throws: FormatError.self) { try read { $0.set("general.type", .string("model")) } }
    #expect(throws: CompressionError.self) { try read { _ in } }
    #expect(throws: FormatError.self) {
      try read { try $0.add(tensor: "a.in_sum2", dtype: .f32, shape: [1, 4], bytes: four) }
    }
    #expect(throws: FormatError.self) {
      try read {
        try $0.add(tensor: "a.in_sum2", dtype: .i32, shape: [1, 4], bytes: four)
        try $0.add(tensor: "a.counts", dtype: .f32, shape: [1, 1], bytes: four[0..<4])
      }
    }
    for count in [0, 3] {
      #expect(throws: CompressionError.self) {
        try read {
          try $0.add(tensor: "a.in_sum2", dtype: .f32, shape: [1, 4], bytes: four)
          try $0.add(tensor: "a.counts", dtype: .f32, shape: [count, 1], bytes: four[0..<4 * count])
        }
      }
    }
  }
}
