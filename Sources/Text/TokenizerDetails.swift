/// What a `tokenizer.json` says that GGUF has no words for.
package struct TokenizerDetails: Sendable {
  package var normalization: [NormalizationStep] = []
  package var steps: [PieceStep] = []
  /// Scores in double precision, which unigram models are compared in.
  package var scores: [Double]?
  /// Whether what no token covers becomes byte tokens.
  package var fallsBack = false
  /// Whether a word that is a token becomes it, whatever merges lead to.
  package var takesWholeWords = false
  /// Tokens that are looked for in normalized text only.
  package var normalizedTokens: Set<Int> = []
  /// The tokens before and behind a text; nil for those that the special tokens say.
  package var prefix: [Int]?
  package var suffix: [Int]?
  /// Whether a space in front of a decoded text belongs to the encoding and is left out.
  package var dropsLeadingSpace = false
  /// Longer words are unknown to WordPiece.
  package var wordLimit = 100
  /// Whether unknown characters side by side are one unknown token.
  package var fusesUnknown = false

  /// Details that change nothing.
  package init() {}
}

/// A step that cuts normalized text into pieces.
package enum PieceStep: Sendable, Equatable {
  /// Cuts by a rule.
  case split(SplitRule)
  /// Leaves out pieces of white space.
  case dropSpaces
  /// U+2581 for spaces, one in front of each piece, or of the first of a text, that has none.
  case metaspace(MetaspacePrefix)
  /// A space in front of each piece that has none.
  case spacePrefix

  package enum MetaspacePrefix: Sendable {
    case never
    case first
    case always
  }
}
