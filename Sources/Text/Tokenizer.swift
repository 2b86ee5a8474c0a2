/// Text to tokens and back, in the way that a model was trained with.
///
/// Special tokens are split out of the text; the rest is normalized, cut into words and given to the vocabulary's model: pairs
/// that merge, SentencePiece's, or BERT's. Whatever the kind, text that a user wrote never becomes a control token.
///
/// Invalid UTF-8 is taken as llama.cpp takes it: a byte that starts no sequence counts as U+FFFD, but for SentencePiece
/// vocabularies with byte tokens, which keep it. What a vocabulary cannot express becomes its unknown token, or is left out.
public struct Tokenizer: Sendable {
  /// The tokens.
  public let vocabulary: Vocabulary
  let model: Model
  /// What comes before a model other than the byte-level one, and before that where it is not empty.
  let pieces: TextPieces
  /// Special tokens that are looked for in normalized text.
  let lateMatcher: SpecialTokenMatcher?
  /// The tokens put before and behind a text.
  let prefix: [TokenID]
  let suffix: [TokenID]
  /// Whether a space in front of a decoded text belongs to the encoding.
  let dropsLeadingSpace: Bool

  /// How pieces of text become tokens.
  enum Model: Sendable {
    case bytePair(BytePairModel)
    case sentencePiece(SentencePieceModel, addsSpacePrefix: Bool)
    case characterPair(CharacterPairModel)
    case unigram(UnigramModel)
    case wordPiece(WordPieceModel)
  }

  /// A byte-level byte-pair tokenizer; checks the merges against the vocabulary.
  ///
  /// - Parameters:
  ///   - vocabulary: the tokens.
  ///   - merges: each the texts of two tokens with a space between, in the order of preference.
  ///   - preTokenizer: how text is cut into words, as in `tokenizer.ggml.pre`.
  /// - Throws: ``TextError`` naming the merge, or the pre-tokenizer.
  public init(vocabulary: Vocabulary, merges: ByteStrings, preTokenizer: String) throws(TextError) {
    let preTokenizer = try PreTokenizer(name: preTokenizer)
    self.init(
      vocabulary,
      .bytePair(try BytePairModel(vocabulary: vocabulary, merges: merges, preTokenizer: preTokenizer)))
  }

  init(
    _ vocabulary: Vocabulary, _ model: Model, pieces: TextPieces = TextPieces(normalization: [], steps: []),
    lateMatcher: SpecialTokenMatcher? = nil, prefix: [Int]? = nil, suffix: [Int]? = nil, dropsLeadingSpace: Bool = false
  ) {
    self.vocabulary = vocabulary
    self.model = model
    self.pieces = pieces
    self.lateMatcher = lateMatcher
    let special = vocabulary.special
    let before = prefix ?? (special.addsBeginning ? special.beginning.map { [$0] } : nil) ?? []
    let after = suffix ?? (special.addsEnd ? special.end.map { [$0] } : nil) ?? []
    self.prefix = before.map { TokenID(truncatingIfNeeded: $0) }
    self.suffix = after.map { TokenID(truncatingIfNeeded: $0) }
    self.dropsLeadingSpace = dropsLeadingSpace
  }

  /// The tokens of a text.
  ///
  /// - Parameters:
  ///   - text: any text.
  ///   - parseSpecial: whether the texts of control tokens become those tokens. Never set it for text that a user wrote.
  ///   - addBoundaries: whether the tokens that the vocabulary wants before and after each text are added.
  public func encode(_ text: String, parseSpecial: Bool = false, addBoundaries: Bool = true) -> [TokenID] {
    let tokens = text.utf8.withContiguousStorageIfAvailable {
      encode(bytes: $0, parseSpecial: parseSpecial, addBoundaries: addBoundaries)
    }
    return tokens ?? encode(bytes: Array(text.utf8), parseSpecial: parseSpecial, addBoundaries: addBoundaries)
  }

  /// The tokens of bytes, which need not be valid UTF-8.
  public func encode(bytes: [UInt8], parseSpecial: Bool = false, addBoundaries: Bool = true) -> [TokenID] {
    bytes.withUnsafeBufferPointer { encode(bytes: $0, parseSpecial: parseSpecial, addBoundaries: addBoundaries) }
  }

  /// The tokens of bytes in memory, such as a mapped file's.
  public func encode(
    bytes: UnsafeBufferPointer<UInt8>, parseSpecial: Bool = false, addBoundaries: Bool = true
  ) -> [TokenID] {
    var tokens = addBoundaries ? prefix : []
    appendTokens(of: bytes, parseSpecial: parseSpecial, isFirst: true, to: &tokens)
    if addBoundaries { tokens += suffix }
    return tokens
  }

  /// The tokens of a rendered prompt: special tokens that the template wrote become those tokens, what they look like in
  /// other text never does.
  ///
  /// - Parameters:
  ///   - segments: what a chat template rendered.
  ///   - addBoundaries: whether the token that the vocabulary wants before each text is added, unless the template wrote
  ///     it itself. The one after is not: the model is to go on.
  public func encode(_ segments: [PromptSegment], addBoundaries: Bool = true) -> [TokenID] {
    var tokens: [TokenID] = []
    for (index, part) in vocabulary.parts(of: segments).enumerated() {
      switch part {
      case .token(let id): tokens.append(id)
      case .text(var text):
        text.withUTF8 { appendTokens(of: $0, parseSpecial: false, isFirst: index == 0, to: &tokens) }
      }
    }
    if addBoundaries, !tokens.starts(with: prefix) { tokens.insert(contentsOf: prefix, at: 0) }
    return tokens
  }

  /// The text of tokens. What is no valid UTF-8 becomes U+FFFD.
  ///
  /// - Parameters:
  ///   - tokens: ids of the vocabulary.
  ///   - rendersSpecial: whether control tokens and the unknown token show their text; else they are left out.
  /// - Throws: ``TextError/tokenOutOfRange(id:count:)``.
  public func decode(_ tokens: [TokenID], rendersSpecial: Bool = false) throws(TextError) -> String {
    String(decoding: try decodeBytes(tokens, rendersSpecial: rendersSpecial), as: UTF8.self)
  }

  /// The bytes of tokens, as they are.
  ///
  /// - Throws: ``TextError/tokenOutOfRange(id:count:)``.
  public func decodeBytes(_ tokens: [TokenID], rendersSpecial: Bool = false) throws(TextError) -> [UInt8] {
    var bytes: [UInt8] = []
    var isFirst = dropsLeadingSpace
    for token in tokens {
      let id = try vocabulary.check(token)
      if rendersSpecial || !vocabulary.isHidden(id) {
        let piece = vocabulary.pieces[Int(vocabulary.starts[id])..<Int(vocabulary.starts[id + 1])]
        // SentencePiece and BERT begin a text as they begin a word.
        let isMark = isFirst && vocabulary.types[id] == .normal && piece.first == 0x20
        isFirst = false
        bytes += isMark ? piece.dropFirst() : piece
      }
    }
    return bytes
  }
}
