import Formats
import Tensors
import Text

/// A mapped file of tokens: the documents of a corpus.
public final class TokenCorpus: Sendable {
  /// Where it is.
  public let path: String
  /// What the file says of itself.
  public let file: TokenFile
  private let storage: Storage

  /// Maps a file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - vocabulary: what its tokens must be of.
  ///   - verifies: whether the checksum and every token are compared; it takes a pass over the file.
  /// - Throws: ``DataError/wrongVocabulary(path:found:expected:)``; ``DataError`` naming the field.
  public convenience init(path: String, vocabulary: Vocabulary, verifies: Bool = true) throws(DataError) {
    try self.init(path: path, vocabularyDigest: vocabulary.digest, verifies: verifies)
  }

  /// Maps a file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - vocabularyDigest: the digest of the vocabulary that its tokens must be of.
  ///   - verifies: whether the checksum and every token are compared; it takes a pass over the file.
  /// - Throws: ``DataError/wrongVocabulary(path:found:expected:)``; ``DataError`` naming the field.
  public init(path: String, vocabularyDigest: String, verifies: Bool = true) throws(DataError) {
    self.path = path
    let storage: Storage
    do throws(TensorError) { storage = try Storage(mapping: path) } catch { throw .system(error) }
    self.storage = storage
    file = try Self.reading(storage, path) { () throws(FormatError) in
      try TokenFile(ByteView(storage.bytes, keeper: storage), verifies: verifies)
    }
    guard file.vocabularyDigest == vocabularyDigest else {
      throw .wrongVocabulary(path: path, found: file.vocabularyDigest, expected: vocabularyDigest)
    }
  }

  /// The number of documents.
  public var documents: Int { file.documents }

  /// The place of a document among the tokens.
  ///
  /// - Precondition: `document` is below ``documents``.
  public func range(of document: Int) -> Range<Int> { file.range(of: document) }

  /// Tokens by their place.
  ///
  /// - Precondition: `range` lies within the file's count.
  /// - Throws: ``DataError`` for one that the vocabulary does not have, and for a file that was changed meanwhile.
  public func tokens(_ range: Range<Int>) throws(DataError) -> [TokenID] {
    try Self.reading(storage, path) { () throws(FormatError) in try file.tokens(range) }
  }

  private static func reading<Value>(
    _ storage: Storage, _ path: String, _ body: () throws(FormatError) -> Value
  ) throws(DataError) -> Value {
    do { return try storage.reading(body) } catch let error as FormatError {
      throw .format(path: path, error)
    } catch let error as TensorError { throw .system(error) } catch {
      throw .corpus(path: path, line: nil, problem: "\(error)")
    }
  }
}
