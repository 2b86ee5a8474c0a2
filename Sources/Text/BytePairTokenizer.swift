/// Byte-level byte-pair encoding: text to tokens and back, with the token numbers of llama.cpp.
///
/// Text is cut into special tokens and the rest, the rest into words (``PreTokenizer``), and in each word the neighbouring
/// pair with the lowest merge rank becomes one token until no pair has a merge.
/// Paper: Sennrich, Haddow, Birch, *Neural Machine Translation of Rare Words with Subword Units*, 2016.
///
/// Invalid UTF-8 is taken as the reference takes it: a byte that starts no sequence counts as U+FFFD. A byte without a token
/// (``Vocabulary/missingBytes``) is left out.
public struct BytePairTokenizer: Sendable {
  /// The tokens.
  public let vocabulary: Vocabulary
  /// How text is cut into words.
  public let preTokenizer: PreTokenizer

  let merges: MergeTable
  /// The token of each byte, or ``MergeTable/noToken``: 256 entries.
  let byteTokens: [UInt32]
  let classes = UnicodeClasses.shared

  /// Checks the merges against the vocabulary.
  ///
  /// - Parameters:
  ///   - vocabulary: the tokens.
  ///   - merges: each the texts of two tokens with a space between, in the order of preference.
  ///   - preTokenizer: the way's name, as in `tokenizer.ggml.pre`.
  /// - Throws: ``TextError`` naming the merge, or the pre-tokenizer.
  public init(vocabulary: Vocabulary, merges: ByteStrings, preTokenizer: String) throws(TextError) {
    self.preTokenizer = try PreTokenizer(name: preTokenizer)
    self.vocabulary = vocabulary
    self.merges = try MergeTable(merges, vocabulary: vocabulary)
    byteTokens = (0...255).map { byte in
      vocabulary.id(ofByte: byte).map { UInt32(truncatingIfNeeded: $0) } ?? MergeTable.noToken
    }
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
    var tokens: [TokenID] = []
    if addBoundaries, vocabulary.special.addsBeginning, let id = vocabulary.special.beginning {
      tokens.append(TokenID(truncatingIfNeeded: id))
    }
    appendTokens(of: bytes, parseSpecial: parseSpecial, to: &tokens)
    if addBoundaries, vocabulary.special.addsEnd, let id = vocabulary.special.end {
      tokens.append(TokenID(truncatingIfNeeded: id))
    }
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
    for part in vocabulary.parts(of: segments) {
      switch part {
      case .token(let id): tokens.append(id)
      case .text(let text): tokens += encode(text, parseSpecial: false, addBoundaries: false)
      }
    }
    if addBoundaries, vocabulary.special.addsBeginning, let id = vocabulary.special.beginning,
      tokens.first != TokenID(truncatingIfNeeded: id)
    {
      tokens.insert(TokenID(truncatingIfNeeded: id), at: 0)
    }
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
    for token in tokens {
      let id = try vocabulary.check(token)
      if rendersSpecial || !vocabulary.isHidden(id) {
        bytes += vocabulary.pieces[Int(vocabulary.starts[id])..<Int(vocabulary.starts[id + 1])]
      }
    }
    return bytes
  }
}
