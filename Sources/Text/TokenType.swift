/// What a token is for; the raw values are those of GGUF's `tokenizer.ggml.token_type`.
public enum TokenType: UInt8, Sendable {
  /// A piece of ordinary text.
  case normal = 1
  /// Stands for what the vocabulary cannot express.
  case unknown = 2
  /// Steers the model, such as the end of a turn; never made from plain text and not rendered unless asked.
  case control = 3
  /// Added to the vocabulary as a whole word: split out of any text before everything else.
  case userDefined = 4
  /// Takes up a number only.
  case unused = 5
  /// A byte that no other token expresses, written `<0x0A>`.
  case byte = 6
}
