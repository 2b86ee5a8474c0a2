/// Everything that makes a tokenizer, in GGUF's terms: what a model file says, or what a Hugging Face folder comes to.
public struct TokenizerDescription: Sendable {
  /// The kinds of vocabulary, by their names in `tokenizer.ggml.model`.
  public enum Kind: String, Sendable, CaseIterable {
    /// Byte-level byte-pair encoding.
    case bytePair = "gpt2"
    /// SentencePiece's byte-pair encoding with scores.
    case sentencePiece = "llama"
    /// SentencePiece's unigram model.
    case unigram = "t5"
    /// BERT's WordPiece.
    case wordPiece = "bert"
    /// Byte-pair encoding of characters, Gemma 4's.
    case characterPair = "gemma4"
  }

  /// The kind of vocabulary.
  public var kind: Kind
  /// The texts of the tokens as GGUF writes them.
  public var tokens: ByteStrings
  /// The type of each, in GGUF's numbers; nil if all are ordinary.
  public var types: [Int32]?
  /// The tokens that play a role.
  public var special: SpecialTokens
  /// How text is cut into words, by its GGUF name; only byte-pair encoding has ways to choose from.
  public var preTokenizer: String?
  /// Each merge the texts of two tokens with a space between, in the order of preference.
  public var merges: ByteStrings?
  /// The score of each token.
  public var scores: [Float]?
  /// Whether a space is put in front of a text; nil for the kind's own way.
  public var addsSpacePrefix: Bool?
  /// Whether runs of spaces count as one and those at the ends for nothing.
  public var removesExtraSpaces = false
  /// SentencePiece's compiled map of characters; nil for none.
  public var characterMap: [UInt8]?
  /// Whether BERT's normalization makes small letters.
  public var lowercases = true
  /// Whether it strips accents; nil if it does where it makes small letters.
  public var stripsAccents: Bool?
  /// How added tokens take the text around them, by number; GGUF has no place for it.
  public var flags: [Int: AddedTokenFlags] = [:]
  /// What a `tokenizer.json` says beyond this.
  var details: TokenizerDetails?

  /// A description of the least that every kind has.
  public init(kind: Kind, tokens: ByteStrings, types: [Int32]? = nil, special: SpecialTokens = SpecialTokens()) {
    self.kind = kind
    self.tokens = tokens
    self.types = types
    self.special = special
  }

  /// Adds what a `tokenizer.json` says beyond GGUF's words, and the GGUF name of its way of cutting text, if it has one.
  package mutating func apply(_ details: TokenizerDetails, name: String?) {
    self.details = details
    preTokenizer = name
  }
}
