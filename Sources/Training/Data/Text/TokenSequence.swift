import Text

/// A row of tokens with what each is to predict, and where in it sequences begin.
public struct TokenSequence: Sendable, Hashable {
  /// The tokens that the model reads.
  public var inputs: [TokenID]
  /// The token that follows each, or ``ignored`` where there is none to be predicted; as many as inputs.
  public var targets: [TokenID]
  /// Where sequences begin, ascending, the first at 0: attention that is kept inside of them never crosses one.
  public var sequenceStarts: [Int]

  /// The target that no loss is taken of.
  public static let ignored: TokenID = -1

  /// A row from its parts.
  public init(inputs: [TokenID], targets: [TokenID], sequenceStarts: [Int]) {
    self.inputs = inputs
    self.targets = targets
    self.sequenceStarts = sequenceStarts
  }
}
