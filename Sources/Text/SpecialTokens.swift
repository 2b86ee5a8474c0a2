/// The tokens that play a role, as a model file names them; each is nil if the file does not.
public struct SpecialTokens: Sendable, Equatable {
  /// Put before every text if ``addsBeginning`` is true.
  public var beginning: Int?
  /// Ends a generation, and is put after every text if ``addsEnd`` is true.
  public var end: Int?
  /// Ends a turn of a conversation.
  public var endOfTurn: Int?
  /// Stands for what the vocabulary cannot express.
  public var unknown: Int?
  /// Fills up rows of a batch.
  public var padding: Int?
  /// Whether every text starts with the beginning token.
  public var addsBeginning: Bool
  /// Whether every text ends with the end token.
  public var addsEnd: Bool

  /// Names the tokens; the numbers are checked by the vocabulary that takes them.
  public init(
    beginning: Int? = nil, end: Int? = nil, endOfTurn: Int? = nil, unknown: Int? = nil, padding: Int? = nil,
    addsBeginning: Bool = false, addsEnd: Bool = false
  ) {
    self.beginning = beginning
    self.end = end
    self.endOfTurn = endOfTurn
    self.unknown = unknown
    self.padding = padding
    self.addsBeginning = addsBeginning
    self.addsEnd = addsEnd
  }

  func check(count: Int) throws(TextError) {
    let fields = [
      ("beginning", beginning), ("end", end), ("end-of-turn", endOfTurn), ("unknown", unknown), ("padding", padding),
    ]
    for (field, id) in fields {
      if let id, !(0..<count).contains(id) { throw .specialTokenOutOfRange(field: field, id: id, count: count) }
    }
    if addsBeginning, beginning == nil { throw .specialTokenMissing(field: "beginning") }
    if addsEnd, end == nil { throw .specialTokenMissing(field: "end") }
  }
}
