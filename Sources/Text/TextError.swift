/// What can be wrong with a vocabulary, a token, a stop string or a chat template; every case carries the offending value.
public enum TextError: Error, Equatable, Sendable {
  /// A list of byte strings whose offsets do not start at 0, decrease, or do not end at the number of bytes.
  case malformedByteStrings(index: Int, offset: Int, bytes: Int)
  /// The vocabulary has no token.
  case emptyVocabulary
  /// The vocabulary has more tokens than the engine takes.
  case tooManyTokens(count: Int, limit: Int)
  /// The list of token types has another length than the list of tokens.
  case tokenTypeCount(types: Int, tokens: Int)
  /// A token's type is not one that a byte-level vocabulary has.
  case unknownTokenType(id: Int, type: Int32)
  /// A token without a byte.
  case emptyToken(id: Int)
  /// A token longer than any real one.
  case tokenTooLong(id: Int, bytes: Int, limit: Int)
  /// An ordinary token with a character that stands for no byte; `offset` counts bytes within the token.
  case tokenOutsideByteAlphabet(id: Int, offset: Int)
  /// Two tokens with the same text.
  case duplicateToken(first: Int, second: Int)
  /// The vocabulary names a special token that it does not have; `field` is its role, such as `eos`.
  case specialTokenOutOfRange(field: String, id: Int, count: Int)
  /// The vocabulary asks for a token at the start or end of each text, but does not say which; `field` is its role.
  case specialTokenMissing(field: String)
  /// A special token that begins with more other special tokens, each the beginning of the next, than the engine takes.
  case specialTokensNested(id: Int, depth: Int, limit: Int)
  /// There are more merges than the engine takes.
  case tooManyMerges(count: Int, limit: Int)
  /// A merge that is not two parts with one space between.
  case malformedMerge(index: Int)
  /// A merge with a part that is no token; `part` is 0 for the left one and 1 for the right one.
  case mergePartNotInVocabulary(index: Int, part: Int)
  /// A merge that makes something that is no token.
  case mergeResultNotInVocabulary(index: Int)
  /// A way of cutting text into words that the engine does not know.
  case unsupportedPreTokenizer(name: String)
  /// A token for a byte that is not written `<0x0A>`.
  case malformedByteToken(id: Int)
  /// The list of scores has another length than the list of tokens.
  case tokenScoreCount(scores: Int, tokens: Int)
  /// A token's score is no finite number.
  case invalidTokenScore(id: Int, score: String)
  /// A compiled map of characters that is none.
  case malformedCharacterMap(offset: Int, problem: String)
  /// The vocabulary's kind needs a list that is not there; `field` is `merges` or `scores`.
  case listMissing(field: String)
  /// A tokenizer that GGUF has no words for; `what` is the part that it lacks them for.
  case notExpressible(what: String)
  /// A token that the vocabulary does not have.
  case tokenOutOfRange(id: Int, count: Int)
  /// A text that should be a special token of the vocabulary but is none.
  case unknownSpecialToken(text: String)
  /// More stop strings than a session takes.
  case tooManyStops(count: Int, limit: Int)
  /// A stop string without a byte would stop everything.
  case emptyStop(index: Int)
  /// A stop string longer than a session takes.
  case stopTooLong(index: Int, bytes: Int, limit: Int)
  /// The model brings no chat template.
  case chatTemplateMissing
  /// The model's chat template is longer than any real one.
  case chatTemplateTooLong(bytes: Int, limit: Int)
  /// The model's chat template is malformed, or has a construct that the engine does not know.
  case chatTemplateRefused(line: Int, construct: String)
  /// The chat template cannot do with a conversation what it wants to.
  case chatTemplateFailed(line: Int, problem: String)
  /// The chat template refuses a conversation, with this message.
  case chatTemplateRaised(line: Int, message: String)
  /// The chat template wants more of something than it is given.
  case chatTemplateBudget(line: Int, what: String, limit: Int)
  /// A grammar that is not in the notation.
  case grammarMalformed(line: Int, problem: String)
  /// A rule that can begin with itself, so that it would never begin.
  case grammarLeftRecursion(rule: String)
  /// A grammar or schema that has, or a text that needs, more of something than the engine takes.
  case grammarLimit(what: String, limit: Int)
  /// A keyword of a JSON schema that the engine does not know; `path` is the schema's place.
  case schemaUnsupported(path: String, keyword: String)
  /// A JSON schema that is none, or that nothing follows.
  case schemaInvalid(path: String, problem: String)
}
