/// How a vocabulary writes its tokens.
enum PieceStyle: Sendable {
  /// In the printable alphabet for bytes.
  case byteLevel
  /// In plain text with U+2581 for spaces, bytes as `<0x0A>`.
  case sentencePiece
  /// In plain text, U+2581 in front of what begins a word.
  case wordPiece
}
