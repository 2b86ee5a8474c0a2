/// A part of an answer, as it comes.
enum AnswerPart: Sendable, Equatable {
  /// What is said.
  case text(String)
  /// A tool is called; calls are numbered from 0.
  case call(Int, id: String, name: String)
  /// The next part of the arguments of the call that was last begun.
  case arguments(Int, String)
  /// The arguments end; they are whole unless the answer broke off within them.
  case callEnd(Int, isWhole: Bool)
}
