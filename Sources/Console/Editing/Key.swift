/// What was pressed while a line is edited.
package enum Key: Sendable, Equatable {
  case text(String)
  case enter, newline
  case backspace, delete, killWord, killToStart, killToEnd, yank
  case left, right, up, down, home, end, wordLeft, wordRight
  case interrupt, endOfInput, clearScreen, tab
  /// A key that means nothing here.
  case other
}
