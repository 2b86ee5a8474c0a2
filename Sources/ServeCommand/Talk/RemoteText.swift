import Console

/// Text of a server on its way to the user.
enum RemoteText {
  /// Prints a piece; a terminal takes no commands from a server.
  static func print(_ piece: String) { Output.piece(Output.answerIsTerminal ? Output.printable(piece) : piece) }
}
