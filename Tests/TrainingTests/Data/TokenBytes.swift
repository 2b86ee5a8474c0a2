import Formats

/// Token files as bytes.
enum TokenBytes {
  static func file(_ documents: [[Int32]], vocabulary: Int, digest: String) throws -> [UInt8] {
    var encoder = try TokenFileEncoder(vocabularyCount: vocabulary, vocabularyDigest: digest)
    var bytes: [UInt8] = []
    for document in documents { bytes += try encoder.document(document) }
    return bytes + encoder.end()
  }
}
