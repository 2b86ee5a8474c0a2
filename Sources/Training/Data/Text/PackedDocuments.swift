import Formats
import Text

/// Rows of one length into which whole documents are packed; only those that are longer than a row are cut.
///
/// Pieces go, the longest first, each to the row with the least room that it fits into (best-fit decreasing; Ding et al.:
/// Fewer Truncations Improve Language Modeling, 2024). Every token but the first of each document is predicted exactly once,
/// from its own document only; the rest of a row is padding, a sequence of its own that predicts nothing.
public struct PackedDocuments: DataSource {
  /// The tokens of a row.
  public let length: Int
  /// The token that fills a row up.
  public let padding: TokenID
  /// The number of predicted tokens in all rows.
  public let targetCount: Int
  private let corpus: TokenCorpus
  /// Where pieces begin in the corpus and how many tokens of input they have, row by row.
  private let pieces: [Piece]
  /// Where the pieces of each row begin, and the end.
  private let rows: [Int]

  private struct Piece {
    let start: Int
    let count: Int
  }

  /// Rows of a corpus.
  ///
  /// - Parameters:
  ///   - corpus: the tokens.
  ///   - documents: those that are used; all by default. A document of one token predicts nothing and is left out.
  ///   - length: the tokens of a row.
  ///   - padding: the token that fills a row up.
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public init(_ corpus: TokenCorpus, documents: [Int]? = nil, length: Int, padding: TokenID = 0) throws(DataError) {
    try TokenRows.prove(length: length)
    guard padding >= 0, Int(padding) < corpus.file.vocabularyCount else {
      throw .invalidOption(
        field: "padding", value: "\(padding)", expected: "below \(corpus.file.vocabularyCount)")
    }
    self.corpus = corpus
    self.length = length
    self.padding = padding
    var cut: [Piece] = []
    for document in try TokenRows.prove(documents, in: corpus) {
      let range = corpus.range(of: document)
      // A piece of n inputs predicts n tokens: pieces of one document share the token between them.
      for start in stride(from: range.lowerBound, to: range.upperBound - 1, by: length) {
        cut.append(Piece(start: start, count: min(length, range.upperBound - 1 - start)))
      }
    }
    targetCount = cut.reduce(0) { $0 + $1.count }
    let packed = Self.packed(cut.map(\.count), length: length)
    pieces = packed.order.map { cut[$0] }
    rows = packed.rows
  }

  /// Best-fit decreasing: the pieces row by row, and where each row begins among them.
  private static func packed(_ sizes: [Int], length: Int) -> (order: [Int], rows: [Int]) {
    var rooms = RoomTree(length: length)
    var room: [Int] = []
    /// Of each room, the rows that have it, the newest last.
    var open: [Int: [Int]] = [:]
    var rowOf = [Int](repeating: 0, count: sizes.count)
    // The longest first; of equals the first first.
    for piece in sizes.indices.sorted(by: { (sizes[$1], $0) < (sizes[$0], $1) }) {
      let size = sizes[piece]
      let row: Int
      if let best = rooms.least(atLeast: size), let last = open[best]?.popLast() {
        row = last
        if open[best]?.isEmpty ?? true { rooms.remove(best) }
      } else {
        row = room.count
        room.append(length)
      }
      rowOf[piece] = row
      room[row] -= size
      if room[row] > 0 {
        open[room[row], default: []].append(row)
        rooms.insert(room[row])
      }
    }
    var counts = [Int](repeating: 0, count: room.count + 1)
    for row in rowOf { counts[row + 1] += 1 }
    for row in counts.indices.dropFirst() { counts[row] += counts[row - 1] }
    var next = counts
    var order = [Int](repeating: 0, count: sizes.count)
    // Within a row in the order of the documents.
    for (piece, row) in rowOf.enumerated() {
      order[next[row]] = piece
      next[row] += 1
    }
    return (order, counts)
  }

  /// The number of rows.
  public var count: Int { rows.count - 1 }

  /// A row.
  ///
  /// - Throws: ``DataError`` where the file was changed.
  public func element(at index: Int, epoch: Int) throws -> TokenSequence {
    var row = TokenSequence(inputs: [], targets: [], sequenceStarts: [])
    for piece in pieces[rows[index]..<rows[index + 1]] {
      row.sequenceStarts.append(row.inputs.count)
      let tokens = try corpus.tokens(piece.start..<piece.start + piece.count + 1)
      row.inputs += tokens.dropLast()
      row.targets += tokens.dropFirst()
    }
    if row.inputs.count < length {
      row.sequenceStarts.append(row.inputs.count)
      let rest = length - row.inputs.count
      row.inputs += repeatElement(padding, count: rest)
      row.targets += repeatElement(TokenSequence.ignored, count: rest)
    }
    return row
  }
}
