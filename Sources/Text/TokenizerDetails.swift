/// What a `tokenizer.json` says that GGUF has no words for.
struct TokenizerDetails: Sendable {
  var normalization: [NormalizationStep] = []
  var steps: [PieceStep] = []
  /// Scores in double precision, which unigram models are compared in.
  var scores: [Double]?
  /// Whether what no token covers becomes byte tokens.
  var fallsBack = false
  /// Whether a word that is a token becomes it, whatever merges lead to.
  var takesWholeWords = false
  /// Tokens that are looked for in normalized text only.
  var normalizedTokens: Set<Int> = []
  /// The tokens before and behind a text; nil for those that the special tokens say.
  var prefix: [Int]?
  var suffix: [Int]?
  /// Whether a space in front of a decoded text belongs to the encoding and is left out.
  var dropsLeadingSpace = false
  /// Longer words are unknown to WordPiece.
  var wordLimit = 100
}

/// A step that cuts normalized text into pieces.
enum PieceStep: Sendable, Equatable {
  /// Cuts by a rule.
  case split(SplitRule)
  /// Leaves out pieces of white space.
  case dropSpaces
  /// U+2581 for spaces, one in front of each piece, or of the first of a text, that has none.
  case metaspace(MetaspacePrefix)
  /// A space in front of each piece that has none.
  case spacePrefix

  enum MetaspacePrefix: Sendable {
    case never
    case first
    case always
  }
}
