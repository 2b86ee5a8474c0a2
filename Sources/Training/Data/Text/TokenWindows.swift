import Formats
import Text

/// Rows of one length cut from the documents of a corpus as they stand one behind the other.
///
/// Row i reads the tokens from i · stride on and predicts each one's successor; with a stride of the length, every token but
/// the very first is predicted once, up to the last whole row.
public struct TokenWindows: DataSource {
  /// The tokens of a row.
  public let length: Int
  /// The tokens from the beginning of a row to that of the next.
  public let stride: Int
  /// Whether the last token of a document predicts the first of the next.
  public let predictsAcrossDocuments: Bool
  private let corpus: TokenCorpus
  private let documents: [Int]
  /// Where each document begins among the tokens of all that are used, and the end.
  private let starts: [Int]

  /// Rows of a corpus.
  ///
  /// - Parameters:
  ///   - corpus: the tokens.
  ///   - documents: those that are used, in this order; all by default.
  ///   - length: the tokens of a row.
  ///   - stride: the tokens from row to row; the length by default.
  ///   - predictsAcrossDocuments: whether the last token of a document predicts the first of the next.
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(
    _ corpus: TokenCorpus, documents: [Int]? = nil, length: Int, stride: Int? = nil,
    predictsAcrossDocuments: Bool = true
  ) throws(DataError) {
    try TokenRows.prove(length: length)
    let stride = stride ?? length
    guard (1...TokenRows.lengthLimit).contains(stride) else {
      throw .invalidOption(field: "stride", value: "\(stride)", expected: "1 to \(TokenRows.lengthLimit)")
    }
    self.corpus = corpus
    self.documents = try TokenRows.prove(documents, in: corpus)
    self.length = length
    self.stride = stride
    self.predictsAcrossDocuments = predictsAcrossDocuments
    var starts = [0]
    // A document twice counts twice: the sum is kept in bounds by the number of documents times a file's tokens.
    for document in self.documents {
      let (sum, overflow) = starts[starts.count - 1].addingReportingOverflow(corpus.range(of: document).count)
      guard !overflow else {
        throw .invalidOption(field: "documents", value: "\(self.documents.count)", expected: "fewer tokens than 2⁶³")
      }
      starts.append(sum)
    }
    self.starts = starts
  }

  /// The number of rows.
  public var count: Int {
    let total = starts[starts.count - 1]
    return total <= length ? 0 : (total - length - 1) / stride + 1
  }

  /// A row.
  ///
  /// - Throws: ``DataError`` where the file was changed.
  public func element(at index: Int, epoch: Int) throws -> TokenSequence {
    precondition((0..<count).contains(index), "row \(index) of \(count)")
    let first = index * stride
    let end = first + length + 1
    var tokens: [TokenID] = []
    tokens.reserveCapacity(length + 1)
    var begins: [Int] = []
    // The last document that begins at or before the first token, empty ones passed over.
    var (low, high) = (0, documents.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= first { low = middle } else { high = middle - 1 }
    }
    var at = first
    var document = low
    while at < end {
      let range = corpus.range(of: documents[document])
      let skipped = at - starts[document]
      let taken = min(starts[document + 1], end) - at
      if taken > 0 {
        if begins.isEmpty || skipped == 0 { begins.append(at - first) }
        // A file that was changed may have made the document shorter.
        guard skipped + taken <= range.count else {
          throw DataError.corpus(path: corpus.path, line: nil, problem: "document \(documents[document]) was changed")
        }
        let start = range.lowerBound + skipped
        tokens += try corpus.tokens(start..<start + taken)
        at += taken
      }
      document += 1
    }
    var targets = Array(tokens[1...])
    if !predictsAcrossDocuments { for begin in begins where begin > 0 { targets[begin - 1] = TokenSequence.ignored } }
    return TokenSequence(
      inputs: Array(tokens[..<length]), targets: targets, sequenceStarts: begins.filter { $0 < length })
  }
}
