import Formats
import Tensors
import Text

/// Writes a corpus as a ``/Formats/TokenFile``: whole or not at all.
public struct TokenCorpusWriter: Sendable {
  /// What was written.
  public struct Summary: Sendable, Hashable {
    /// The number of documents.
    public let documents: Int
    /// The number of tokens, separators included.
    public let tokens: Int
    /// The bytes of text.
    public let textBytes: Int
    /// The bytes of the file.
    public let fileBytes: Int
  }

  private let tokenizer: Tokenizer
  private let separator: TokenID?

  /// A writer.
  ///
  /// - Parameters:
  ///   - tokenizer: makes tokens of text; special tokens in the text stay text, and nothing is put around it.
  ///   - separator: a token behind each document; by default the vocabulary's end of text, if it has one.
  public init(tokenizer: Tokenizer, separator: TokenID?? = nil) {
    self.tokenizer = tokenizer
    self.separator = separator ?? tokenizer.vocabulary.special.end.flatMap { TokenID(exactly: $0) }
  }

  /// Writes the documents of `corpus` to a file at `path`; those without a token are left out.
  ///
  /// - Throws: ``DataError``; then nothing has changed at `path`.
  @discardableResult public func write(_ corpus: TextCorpus, to path: String) throws -> Summary {
    let vocabulary = tokenizer.vocabulary
    var encoder: TokenFileEncoder
    do throws(FormatError) {
      encoder = try TokenFileEncoder(vocabularyCount: vocabulary.count, vocabularyDigest: vocabulary.digest)
    } catch { throw DataError.format(path: path, error) }
    do {
      let file = try OutputFile(replacing: path)
      var textBytes = 0
      try corpus.forEachDocument { bytes in
        var tokens = tokenizer.encode(bytes: bytes, addBoundaries: false)
        if tokens.isEmpty { return }
        if let separator { tokens.append(separator) }
        textBytes += bytes.count
        try file.write(encoder.document(tokens))
      }
      let (documents, count) = (encoder.ends.count, encoder.count)
      try file.write(encoder.end())
      try file.commit()
      return Summary(documents: documents, tokens: count, textBytes: textBytes, fileBytes: file.byteCount)
    } catch let error as TensorError { throw DataError.system(error) } catch let error as FormatError {
      throw DataError.format(path: path, error)
    }
  }
}
