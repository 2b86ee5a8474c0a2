/// Turns tokens into text one by one. Every part it gives is valid text, characters that are spread over several tokens come
/// out whole, and the parts together are the text of all tokens at once.
public struct StreamingDetokenizer: Sendable {
  private let vocabulary: Vocabulary
  private let rendersSpecial: Bool
  private var assembler = UTF8Assembler()

  /// Starts an empty text.
  ///
  /// - Parameters:
  ///   - vocabulary: the tokens.
  ///   - rendersSpecial: whether control tokens and the unknown token show their text; else they are left out.
  public init(vocabulary: Vocabulary, rendersSpecial: Bool = false) {
    self.vocabulary = vocabulary
    self.rendersSpecial = rendersSpecial
  }

  /// Whether the beginning of a character is held back.
  public var isHolding: Bool { assembler.isHolding }

  /// The text that is certain after this token, often empty in the middle of a character.
  ///
  /// - Throws: ``TextError/tokenOutOfRange(id:count:)``; the text so far stays as it was.
  public mutating func append(_ token: TokenID) throws(TextError) -> String {
    let id = try vocabulary.check(token)
    guard rendersSpecial || !vocabulary.isHidden(id) else { return "" }
    return assembler.append(vocabulary.pieces[Int(vocabulary.starts[id])..<Int(vocabulary.starts[id + 1])])
  }

  /// What is left at the end: U+FFFD if a character was begun and not finished. The next token starts a new text.
  public mutating func finish() -> String {
    assembler.finish()
  }
}
