import Tensors

/// Random inputs of one sequence: for each input tensor of a mixer its rows.
public struct SequenceInputs: Sendable {
  /// The tokens.
  public let tokens: Int
  /// The widths of the inputs.
  public let widths: [Int]
  /// The inputs, row after row.
  public var values: [[Float]]

  /// Numbers spread evenly over ±`amplitude`.
  public init(widths: [Int], tokens: Int, seed: UInt64, amplitude: Double = 1) {
    var random = Random(seed: seed)
    self.tokens = tokens
    self.widths = widths
    values = widths.map { random.floats(tokens * $0, amplitude: amplitude) }
  }

  /// The first tokens of another sequence.
  public init(_ other: SequenceInputs, prefix: Int) {
    tokens = prefix
    widths = other.widths
    values = other.rows(0..<prefix)
  }

  /// Rows `range` of each input.
  public func rows(_ range: Range<Int>) -> [[Float]] {
    zip(values, widths).map { Array($0[range.lowerBound * $1..<range.upperBound * $1]) }
  }

  /// Rows `range` of each input as tensors [rows, width].
  public func tensors(_ range: Range<Int>, _ context: Context) -> [Tensor] {
    zip(rows(range), widths).map { context.tensor($0, [range.count, $1]) }
  }
}
