/// The tokens of a vocabulary: which bytes each stands for, what it is for, and which play a special role.
///
/// Everything is checked when it is made, so that no later call can meet a number outside it.
public final class Vocabulary: Sendable {
  /// The number of tokens.
  public let count: Int
  /// The tokens that play a role.
  public let special: SpecialTokens
  /// The control tokens that end a generation, in ascending order: those that the file names, and those whose text says so.
  public let endOfGeneration: [TokenID]

  /// How tokens are written.
  let style: PieceStyle
  /// The bytes of all tokens, with ``ByteHash/slack`` bytes behind them.
  let pieces: [UInt8]
  /// Where each token starts in `pieces`: `count + 1` entries.
  let starts: [UInt32]
  /// The texts by which tokens are found, laid out as `pieces`, and the same for byte-level vocabularies.
  let texts: [UInt8]
  let textStarts: [UInt32]
  /// The type of each token.
  let types: [TokenType]
  /// Finds a token by its text. Special tokens of byte-level vocabularies with other than visible ASCII characters are not
  /// in it, and none of the others'.
  let index: ByteStringIndex
  /// Finds special tokens in text.
  let matcher: SpecialTokenMatcher
  /// The token of each byte on its own, or ``MergeTable/noToken``: 256 entries.
  let byteTokens: [UInt32]

  /// The most tokens that are taken; the largest vocabularies in use have about 262,000.
  public static let countLimit = 1 << 21 - 1
  /// The most bytes of one token.
  public static let tokenBytesLimit = 1 << 16

  /// Checks and decodes a byte-level vocabulary.
  ///
  /// - Parameters:
  ///   - tokens: their texts, ordinary ones in GPT-2's printable byte alphabet.
  ///   - types: the type of each, in GGUF's numbers; nil if all are ordinary.
  ///   - special: the tokens that play a role.
  /// - Throws: ``TextError`` naming the field and the token.
  public convenience init(
    byteLevelTokens tokens: ByteStrings, types: [Int32]?, special: SpecialTokens
  ) throws(TextError) {
    try self.init(byteLevel: tokens, types: types, special: special, flags: [:])
  }

  init(
    byteLevel tokens: ByteStrings, types: [Int32]?, special: SpecialTokens, flags: [Int: AddedTokenFlags],
    late: Set<Int>? = nil
  ) throws(TextError) {
    let count = tokens.count
    guard count > 0 else { throw .emptyVocabulary }
    guard count <= Vocabulary.countLimit else { throw .tooManyTokens(count: count, limit: Vocabulary.countLimit) }
    try special.check(count: count)
    var kinds = try Vocabulary.checkTypes(types, count: count)
    let (pieces, starts) = try Vocabulary.decode(tokens, types: &kinds)

    var index = ByteStringIndex(capacity: count, hash: ByteHash())
    var specialIDs: [Int] = []
    var duplicate: (Int, Int)?
    pieces.withUnsafeBufferPointer { pieces in
      starts.withUnsafeBufferPointer { starts in
        guard let block = pieces.baseAddress, let starts = starts.baseAddress else { return }
        for id in 0..<count {
          let isSpecial = kinds[id] == .control || kinds[id] == .userDefined || kinds[id] == .unknown
          if isSpecial { specialIDs.append(id) }
          if kinds[id] != .normal, !Vocabulary.isVisible(tokens, id) { continue }
          if let other = index.insert(id, block: block, starts: starts) {
            duplicate = (other, id)
            return
          }
        }
      }
    }
    if let (first, second) = duplicate { throw .duplicateToken(first: first, second: second) }

    self.count = count
    self.special = special
    style = .byteLevel
    self.pieces = pieces
    self.starts = starts
    (texts, textStarts) = (pieces, starts)
    self.types = kinds
    self.index = index
    byteTokens = Vocabulary.singleBytes(index, pieces, starts)
    matcher = try SpecialTokenMatcher(
      ids: specialIDs.filter { late?.contains($0) != true }, pieces: pieces, starts: starts, types: kinds, flags: flags,
      takesLeftmost: late != nil)
    if let (first, second) = Vocabulary.hiddenDuplicate(
      tokens, special: specialIDs, index: index, pieces: pieces, starts: starts)
    {
      throw .duplicateToken(first: first, second: second)
    }
    endOfGeneration = Vocabulary.endTokens(special, specialIDs, kinds, matcher)
  }

  /// Checks and decodes a vocabulary in plain text: SentencePiece's or BERT's, as GGUF writes them.
  ///
  /// - Throws: ``TextError`` naming the field and the token.
  init(
    tokens: ByteStrings, style: PieceStyle, types: [Int32]?, special: SpecialTokens, flags: [Int: AddedTokenFlags],
    late: Set<Int>? = nil
  ) throws(TextError) {
    let count = tokens.count
    guard count > 0 else { throw .emptyVocabulary }
    guard count <= Vocabulary.countLimit else { throw .tooManyTokens(count: count, limit: Vocabulary.countLimit) }
    try special.check(count: count)
    let kinds = try Vocabulary.checkTypes(types, count: count, bytes: true)
    let plain = try PlainPieces(tokens, types: kinds, style: style)
    self.count = count
    self.special = special
    self.style = style
    pieces = plain.pieces
    starts = plain.starts
    texts = plain.texts
    textStarts = tokens.offsets
    self.types = kinds
    index = plain.index
    byteTokens = plain.byteTokens
    matcher = try SpecialTokenMatcher(
      ids: plain.special.filter { late?.contains($0) != true }, pieces: plain.pieces, starts: plain.starts,
      types: kinds, flags: flags, takesLeftmost: late != nil)
    endOfGeneration = Vocabulary.endTokens(special, plain.special, kinds, matcher)
  }
}
