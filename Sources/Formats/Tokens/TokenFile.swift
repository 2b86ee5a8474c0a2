/// A file of tokens for training: the documents of a corpus one behind the other, ready to be mapped.
///
/// All numbers are little-endian:
///
/// | bytes | content |
/// |---|---|
/// | 8 | `VTTOKENS` |
/// | 4 | the version, 1 |
/// | 4 | the bytes of a token: 2 or 4 |
/// | tokens × 2 or 4 | the tokens |
/// | 0 to 7 | zeros, to a multiple of 8 |
/// | documents × 8 | where each document ends, in tokens; ascending, the last is the number of tokens |
/// | 8, 8, 8 | the numbers of tokens, of documents and of the vocabulary's entries |
/// | 32 | the vocabulary's SHA-256 |
/// | 4, 4 | zero; the CRC-32 of all bytes before it |
/// | 8 | `VTTOKEND` |
///
/// Counts stand at the end, so that a corpus of any length is written in one go.
public struct TokenFile: Sendable {
  /// The number of tokens.
  public let count: Int
  /// The number of documents.
  public let documents: Int
  /// The number of the vocabulary's entries; every token is below it.
  public let vocabularyCount: Int
  /// The vocabulary's SHA-256 in hexadecimal.
  public let vocabularyDigest: String
  /// The bytes of a token: 2 or 4.
  public let tokenBytes: Int
  private let bytes: ByteView
  private let endsOffset: Int

  static let magic = Array("VTTOKENS".utf8)
  static let endMagic = Array("VTTOKEND".utf8)
  static let version: UInt32 = 1
  static let headerBytes = 16
  static let footerBytes = 72

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - verifies: whether the checksum and every token are compared; it takes a pass over the file.
  /// - Throws: ``FormatError`` naming the field.
  public init(_ bytes: ByteView, verifies: Bool = true) throws(FormatError) {
    self.bytes = bytes
    var reader = bytes.withUnsafeBytes { ByteReader($0) }
    defer { withExtendedLifetime(bytes) {} }
    let magic = try reader.skip(8, "magic")
    guard bytes.unsafeBytes[magic].elementsEqual(Self.magic) else {
      throw .badMagic(
        field: "magic", offset: 0, found: Array(bytes.unsafeBytes[magic]), expected: "a token file")
    }
    let version = try reader.uint32("version")
    guard version == Self.version else {
      throw .unsupported(field: "version", offset: 8, found: "\(version)", supported: "\(Self.version)")
    }
    let width = try reader.uint32("bytes of a token")
    guard width == 2 || width == 4 else {
      throw .invalidValue(field: "bytes of a token", offset: 12, value: "\(width)", expected: "2 or 4")
    }
    let footer = bytes.count - Self.footerBytes
    guard footer >= Self.headerBytes else {
      throw .truncated(
        field: "end", offset: Self.headerBytes, needed: UInt64(Self.footerBytes), available: reader.remaining)
    }
    reader = ByteReader(bytes.unsafeBytes, offset: footer)
    let counts = [
      try reader.uint64("tokens"), try reader.uint64("documents"), try reader.uint64("vocabulary's entries"),
    ]
    let digest = try reader.skip(32, "vocabulary's SHA-256")
    let zero = try reader.uint32("padding")
    let checksumOffset = reader.offset
    let checksum = try reader.uint32("checksum")
    let end = try reader.skip(8, "end")
    guard bytes.unsafeBytes[end].elementsEqual(Self.endMagic) else {
      throw .badMagic(
        field: "end", offset: end.lowerBound, found: Array(bytes.unsafeBytes[end]), expected: "a token file's end")
    }
    guard zero == 0 else {
      throw .invalidValue(field: "padding", offset: checksumOffset - 4, value: "\(zero)", expected: "0")
    }
    for (index, limit) in [(0, UInt64(footer)), (1, UInt64(footer)), (2, 1 << (width == 4 ? 31 : 16))]
    where counts[index] > limit {
      throw .limitExceeded(
        field: ["tokens", "documents", "vocabulary's entries"][index], offset: footer + 8 * index,
        value: counts[index], limit: limit)
    }
    count = Int(counts[0])
    documents = Int(counts[1])
    vocabularyCount = Int(counts[2])
    tokenBytes = Int(width)
    vocabularyDigest = Hexadecimal.text(bytes.unsafeBytes[digest])
    // Counts up to the size of the file: nothing overflows.
    let tokensEnd = Self.headerBytes + count * tokenBytes
    endsOffset = (tokensEnd + 7) & ~7
    guard endsOffset + 8 * documents == footer else {
      throw .inconsistent(
        field: "tokens", offset: footer,
        problem: "\(count) tokens and \(documents) documents make \(endsOffset + 8 * documents) bytes, not \(footer)")
    }
    for place in tokensEnd..<endsOffset where bytes.unsafeBytes[place] != 0 {
      throw .invalidValue(
        field: "padding", offset: place, value: "\(bytes.unsafeBytes[place])", expected: "0")
    }
    try proveEnds()
    if verifies { try verify(checksum, at: checksumOffset) }
  }

  private func proveEnds() throws(FormatError) {
    var last = 0
    for document in 0..<documents {
      let end = end(of: document)
      guard end >= last, end <= count else {
        throw .invalidValue(
          field: "end of document \(document)", offset: endsOffset + 8 * document, value: "\(end)",
          expected: "\(last) to \(count)")
      }
      last = end
    }
    guard last == count else {
      throw .inconsistent(
        field: "documents", offset: endsOffset, problem: "the last of \(documents) ends at \(last) of \(count) tokens")
    }
  }

  private func verify(_ checksum: UInt32, at offset: Int) throws(FormatError) {
    let found = bytes.withUnsafeBytes { CRC32.of(UnsafeRawBufferPointer(rebasing: $0[..<offset])) }
    guard found == checksum else {
      throw .inconsistent(field: "checksum", offset: offset, problem: "is \(checksum), that of the file is \(found)")
    }
    for start in stride(from: 0, to: count, by: 1 << 16) { _ = try tokens(start..<min(count, start + 1 << 16)) }
  }

  /// Where a document ends, in tokens.
  private func end(of document: Int) -> Int {
    bytes.withUnsafeBytes {
      Int(littleEndian: $0.loadUnaligned(fromByteOffset: endsOffset + 8 * document, as: Int.self))
    }
  }

  /// The place of a document among the tokens.
  ///
  /// - Precondition: `document` is below ``documents``.
  public func range(of document: Int) -> Range<Int> {
    precondition((0..<documents).contains(document), "document \(document) of \(documents)")
    // A mapped file that is changed meanwhile may hold anything: no range is made that traps.
    let start = document == 0 ? 0 : min(max(0, end(of: document - 1)), count)
    return start..<min(max(start, end(of: document)), count)
  }

  /// Tokens by their place.
  ///
  /// - Precondition: `range` lies within `0..<count`.
  /// - Throws: ``FormatError/invalidValue(field:offset:value:expected:)`` for one that the vocabulary does not have.
  public func tokens(_ range: Range<Int>) throws(FormatError) -> [Int32] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "tokens \(range) of \(count)")
    return try bytes.withUnsafeBytes { (raw) throws(FormatError) in
      var tokens: [Int32] = []
      tokens.reserveCapacity(range.count)
      for index in range {
        let offset = Self.headerBytes + index * tokenBytes
        let token =
          tokenBytes == 2
          ? UInt32(UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
          : UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        guard token < vocabularyCount, let id = Int32(exactly: token) else {
          throw .invalidValue(
            field: "token \(index)", offset: offset, value: "\(token)", expected: "below \(vocabularyCount)")
        }
        tokens.append(id)
      }
      return tokens
    }
  }
}
