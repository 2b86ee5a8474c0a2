import Text

/// Rows of tokens of one length, one behind the other.
public struct TokenBatch: Sendable, Hashable {
  /// The number of rows.
  public let rows: Int
  /// The tokens of a row.
  public let length: Int
  /// The tokens that the model reads, [rows × length].
  public let inputs: [TokenID]
  /// What each is to predict, or ``TokenSequence/ignored``, [rows × length].
  public let targets: [TokenID]
  /// Where sequences begin among all tokens, ascending; every row begins one.
  public let sequenceStarts: [Int]

  /// The rows as one batch; a loader's collation.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)`` for rows of different lengths.
  public init(_ sequences: [TokenSequence]) throws(DataError) {
    rows = sequences.count
    length = sequences.first?.inputs.count ?? 0
    var (inputs, targets, starts): ([TokenID], [TokenID], [Int]) = ([], [], [])
    for sequence in sequences {
      guard sequence.inputs.count == length, sequence.targets.count == length else {
        throw .mismatch(
          field: "tokens of a row", found: "\(sequence.inputs.count) and \(sequence.targets.count)",
          expected: "\(length)")
      }
      starts += sequence.sequenceStarts.map { inputs.count + $0 }
      inputs += sequence.inputs
      targets += sequence.targets
    }
    (self.inputs, self.targets, sequenceStarts) = (inputs, targets, starts)
  }

  /// `rows` rows of `length` times token 0, for a ``TrainingNeed``.
  public init(rehearsing rows: Int, length: Int) {
    (self.rows, self.length) = (rows, length)
    inputs = [TokenID](repeating: 0, count: rows * length)
    targets = inputs
    sequenceStarts = (0..<rows).map { $0 * length }
  }

  /// The number of targets that a loss is taken of.
  public var targetCount: Int { targets.count { $0 != TokenSequence.ignored } }
}
