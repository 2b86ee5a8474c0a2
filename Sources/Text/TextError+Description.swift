extension TextError: CustomStringConvertible {
  /// One line that names the field and the offending value.
  public var description: String {
    switch self {
    case .malformedByteStrings(let index, let offset, let bytes):
      "offset \(index) of a string list is \(offset), which does not fit between its neighbours and \(bytes) bytes"
    case .emptyVocabulary: "tokens: the vocabulary is empty"
    case .tooManyTokens(let count, let limit): "tokens: \(count) tokens, at most \(limit) are taken"
    case .tokenTypeCount(let types, let tokens): "token types: \(types) entries for \(tokens) tokens"
    case .unknownTokenType(let id, let type): "token types: token \(id) has the unknown type \(type)"
    case .emptyToken(let id): "tokens: token \(id) is empty"
    case .tokenTooLong(let id, let bytes, let limit):
      "tokens: token \(id) has \(bytes) bytes, at most \(limit) are taken"
    case .tokenOutsideByteAlphabet(let id, let offset):
      "tokens: token \(id) has a character at byte \(offset) that stands for no byte"
    case .duplicateToken(let first, let second): "tokens: tokens \(first) and \(second) have the same text"
    case .specialTokenOutOfRange(let field, let id, let count):
      "\(field) token: \(id) is not in the vocabulary of \(count) tokens"
    case .specialTokenMissing(let field): "\(field) token: asked for with every text, but not named"
    case .specialTokensNested(let id, let depth, let limit):
      "tokens: special token \(id) begins with \(depth) other special tokens, at most \(limit) are taken"
    case .tooManyMerges(let count, let limit): "merges: \(count) merges, at most \(limit) are taken"
    case .malformedMerge(let index): "merges: merge \(index) is not two parts with one space between"
    case .mergePartNotInVocabulary(let index, let part):
      "merges: the \(part == 0 ? "left" : "right") part of merge \(index) is not a token"
    case .mergeResultNotInVocabulary(let index): "merges: merge \(index) makes something that is not a token"
    case .unsupportedPreTokenizer(let name): "pre-tokenizer: \"\(name)\" is not supported"
    case .malformedByteToken(let id): "tokens: token \(id) should be a byte, such as <0x0A>"
    case .tokenScoreCount(let scores, let tokens): "scores: \(scores) entries for \(tokens) tokens"
    case .invalidTokenScore(let id, let score): "scores: the score of token \(id) is \(score)"
    case .malformedCharacterMap(let offset, let problem): "character map: at byte \(offset): \(problem)"
    case .listMissing(let field): "\(field): the vocabulary's kind needs this list"
    case .notExpressible(let what): "a GGUF file cannot say \(what)"
    case .tokenOutOfRange(let id, let count): "token \(id) is not in the vocabulary of \(count) tokens"
    case .unknownSpecialToken(let text): "special token: \"\(text)\" is not a special token of the vocabulary"
    case .tooManyStops(let count, let limit): "stop: \(count) stop strings, at most \(limit) are taken"
    case .emptyStop(let index): "stop: stop string \(index) is empty"
    case .stopTooLong(let index, let bytes, let limit):
      "stop: stop string \(index) has \(bytes) bytes, at most \(limit) are taken"
    case .chatTemplateMissing: "chat template: the model has none"
    case .chatTemplateTooLong(let bytes, let limit):
      "chat template: it has \(bytes) bytes, at most \(limit) are taken"
    case .chatTemplateRefused(let line, let construct):
      "chat template: line \(line): \(construct), which the engine does not render"
    case .chatTemplateFailed(let line, let problem): "chat template: line \(line): \(problem)"
    case .chatTemplateRaised(let line, let message): "chat template: line \(line) refuses the conversation: \(message)"
    case .chatTemplateBudget(let line, let what, let limit):
      "chat template: line \(line): more than \(limit) \(what)"
    case .grammarMalformed(let line, let problem): "grammar: line \(line): \(problem)"
    case .grammarLeftRecursion(let rule): "grammar: the rule '\(rule)' can begin with itself"
    case .grammarLimit(let what, let limit): "grammar: more than \(limit) \(what)"
    case .schemaUnsupported(let path, let keyword): "JSON schema: \(path): \(keyword) is not supported"
    case .schemaInvalid(let path, let problem): "JSON schema: \(path): \(problem)"
    }
  }
}
