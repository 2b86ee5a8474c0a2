import Formats
import Testing

@Suite("Token files") struct TokenFileTests {
  private static let digest = String(repeating: "0123456789abcdef", count: 4)

  private func file(_ documents: [[Int32]], vocabulary: Int = 300) throws -> [UInt8] {
    var encoder = try TokenFileEncoder(vocabularyCount: vocabulary, vocabularyDigest: Self.digest)
    var bytes: [UInt8] = []
    for document in documents { bytes += try encoder.document(document) }
    return bytes + encoder.end()
  }

  private func parse(_ bytes: ByteView) throws(FormatError) { _ = try TokenFile(bytes) }

  /// As a file that is trusted is read; what it lets pass must still not trap.
  private func parseUnverified(_ bytes: ByteView) throws(FormatError) {
    let file = try TokenFile(bytes, verifies: false)
    for document in 0..<file.documents { _ = try file.tokens(file.range(of: document)) }
  }

  @Test("Documents come back", arguments: [300, 65_536, 65_537, 1 << 20]) func comeBack(_ vocabulary: Int) throws {
    let documents: [[Int32]] = [[1, 2, 299], [], [0], [7, 7, 7, 7], []]
    let read = try TokenFile(ByteView(copying: file(documents, vocabulary: vocabulary)))
    #expect(read.tokenBytes == (vocabulary <= 65_536 ? 2 : 4))
    #expect(read.count == 8 && read.documents == 5 && read.vocabularyCount == vocabulary)
    #expect(read.vocabularyDigest == Self.digest)
    #expect(try documents.indices.map { try read.tokens(read.range(of: $0)) } == documents)
    let empty = try TokenFile(ByteView(copying: file([], vocabulary: vocabulary)))
    #expect(empty.count == 0 && empty.documents == 0)
  }

  @Test("The layout is the documented one") func layout() throws {
    let bytes = try file([[1, 256], [299]])
    #expect(bytes.count == 16 + 6 + 2 + 16 + 72)
    #expect(Array(bytes[..<24]) == Array("VTTOKENS".utf8) + [1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 1, 43, 1, 0, 0])
    #expect(Array(bytes[24..<40]) == [2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
    #expect(bytes.suffix(8) == ArraySlice("VTTOKEND".utf8))
    let checksum = bytes[..<(bytes.count - 12)].withUnsafeBytes { CRC32.of($0) }
    #expect((0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) } == Array(bytes.suffix(12).prefix(4)))
  }

  @Test func cutAndChangedFilesAreRefused() throws {
    let good = try file([[1, 2, 299], [0], [7, 7, 7, 7]])
    try HostileLaws.refusesParts(good, parse)
    for place in good.indices {
      for bit in 0..<8 {
        var bytes = good
        bytes[place] ^= 1 << UInt8(bit)
        HostileLaws.prove(bytes, "bit \(bit) of byte \(place)", parse)
      }
    }
    try HostileLaws.refusesParts(good, parseUnverified)
    HostileLaws.survivesEveryBit(good, parseUnverified)
    HostileLaws.survivesEveryBit(try file([[1, 2, 299], [0]], vocabulary: 70_000), parseUnverified)
  }

  @Test func hostileFilesAreRefusedByName() throws {
    let good = try file([[1, 2, 299], [0]])
    let footer = good.count - 72
    for (place, value, field) in [
      (0, 0, "magic"), (8, 2, "version"), (12, 1, "bytes of a token"), (12, 4, "tokens"), (12, 8, "bytes of a token"),
      (footer, 5, "tokens"), (footer + 7, 255, "tokens"), (footer + 8, 1, "tokens"), (footer + 15, 128, "documents"),
      (footer + 19, 1, "vocabulary's entries"), (footer + 56, 1, "padding"), (good.count - 1, 0, "end"),
      (footer - 16, 5, "end of document 0"), (footer - 9, 128, "end of document 0"), (footer - 8, 3, "documents"),
      (footer - 8, 2, "end of document 1"), (footer + 60, 255, "checksum"), (17, 1, "checksum"),
    ] as [(Int, UInt8, String)] {
      var bytes = good
      bytes[place] = value
      HostileLaws.prove(bytes, "byte \(place) is \(value)", field: field, parse)
    }
    // A token that the vocabulary does not have, with the right checksum, is found too.
    var bytes = good
    bytes[17] = 2
    let checksum = bytes[..<(bytes.count - 12)].withUnsafeBytes { CRC32.of($0) }
    for byte in 0..<4 { bytes[bytes.count - 12 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * byte)) }
    HostileLaws.prove(bytes, "token 513 of 300", field: "token 0", parse)
  }

  @Test func whatCannotBeWrittenIsRefused() throws {
    for (count, digest) in [(0, Self.digest), (-1, Self.digest), (1 << 31, Self.digest), (3, "ab"), (3, "")] {
      #expect(throws: FormatError.self) { try TokenFileEncoder(vocabularyCount: count, vocabularyDigest: digest) }
    }
    let capitals = Self.digest.uppercased()
    #expect(throws: FormatError.self) { try TokenFileEncoder(vocabularyCount: 3, vocabularyDigest: capitals) }
    for token in [-1, 300, Int32.max] as [Int32] { #expect(throws: FormatError.self) { try file([[token]]) } }
  }
}
