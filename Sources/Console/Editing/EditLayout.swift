/// Where edited text lies on a terminal: lines cut at its width, and the cursor's place.
package struct EditLayout: Sendable, Equatable {
  /// The rows as they are shown, prompts included.
  package var rows: [String] = []
  /// The cursor's row.
  package var cursorRow = 0
  /// The cursor's column.
  package var cursorColumn = 0

  /// Lays out a buffer behind `prompt`; further lines start with `continuation`.
  package init(_ buffer: EditBuffer, prompt: String, continuation: String, columns: Int) {
    let width = max(columns, DisplayWidth.of(prompt) + 4)
    var row = prompt
    var column = DisplayWidth.of(prompt)
    func end() {
      rows.append(row)
      row = ""
      column = 0
    }
    for (index, character) in buffer.characters.enumerated() {
      let size = DisplayWidth.of(character)
      if character != "\n", column + size > width { end() }
      if index == buffer.cursor { (cursorRow, cursorColumn) = (rows.count, column) }
      if character == "\n" {
        end()
        row = continuation
        column = DisplayWidth.of(continuation)
      } else {
        row.append(character)
        column += size
      }
    }
    if buffer.cursor == buffer.characters.count {
      if column >= width { end() }
      (cursorRow, cursorColumn) = (rows.count, column)
    }
    rows.append(row)
  }
}
