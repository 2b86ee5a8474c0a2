/// Makes the bytes of a ``TokenFile``, part by part: a corpus need not fit in memory.
public struct TokenFileEncoder: Sendable {
  /// The bytes of a token: 2 for vocabularies of up to 65,536 entries, else 4.
  public let tokenBytes: Int
  /// The tokens so far.
  public private(set) var count = 0
  /// Where each document ends, in tokens.
  public private(set) var ends: [Int] = []
  private let vocabularyCount: Int
  private let digest: [UInt8]
  private var checksum = CRC32()
  private var hasHeader = false

  /// The most entries of a vocabulary.
  private static let vocabularyLimit = Int(Int32.max)

  /// An encoder for tokens of a vocabulary.
  ///
  /// - Parameters:
  ///   - vocabularyCount: the number of its entries.
  ///   - vocabularyDigest: its SHA-256 in hexadecimal.
  /// - Throws: ``FormatError/notWritable(field:reason:)``.
  public init(vocabularyCount: Int, vocabularyDigest: String) throws(FormatError) {
    guard (1...Self.vocabularyLimit).contains(vocabularyCount) else {
      throw .notWritable(field: "vocabulary", reason: "\(vocabularyCount) entries; 1 to \(Self.vocabularyLimit) can be")
    }
    guard let digest = Hexadecimal.bytes(vocabularyDigest), digest.count == 32 else {
      throw .notWritable(field: "vocabulary", reason: "'\(vocabularyDigest.prefix(80))' is no SHA-256")
    }
    self.vocabularyCount = vocabularyCount
    self.digest = digest
    tokenBytes = vocabularyCount <= 1 << 16 ? 2 : 4
  }

  /// The next bytes of the file: those of one document.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)`` for a token that the vocabulary does not have.
  public mutating func document(_ tokens: some Collection<Int32>) throws(FormatError) -> [UInt8] {
    var bytes = header()
    bytes.reserveCapacity(bytes.count + tokens.count * tokenBytes)
    for token in tokens {
      guard token >= 0, Int(token) < vocabularyCount else {
        throw .notWritable(field: "document \(ends.count)", reason: "token \(token) of \(vocabularyCount)")
      }
      if tokenBytes == 2 {
        bytes.append(littleEndian: UInt16(truncatingIfNeeded: token))
      } else {
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: token))
      }
    }
    count += tokens.count
    ends.append(count)
    bytes.withUnsafeBytes { checksum.update($0) }
    return bytes
  }

  /// The last bytes of the file.
  public consuming func end() -> [UInt8] {
    var bytes = header()
    let written = TokenFile.headerBytes + count * tokenBytes
    bytes += [UInt8](repeating: 0, count: (8 - written % 8) % 8)
    for end in ends { bytes.append(littleEndian: UInt64(end)) }
    for number in [count, ends.count, vocabularyCount] { bytes.append(littleEndian: UInt64(number)) }
    bytes += digest + [0, 0, 0, 0]
    bytes.withUnsafeBytes { checksum.update($0) }
    bytes.append(littleEndian: checksum.value)
    return bytes + TokenFile.endMagic
  }

  private mutating func header() -> [UInt8] {
    if hasHeader { return [] }
    hasHeader = true
    var bytes = TokenFile.magic
    bytes.append(littleEndian: TokenFile.version)
    bytes.append(littleEndian: UInt32(tokenBytes))
    return bytes
  }
}
