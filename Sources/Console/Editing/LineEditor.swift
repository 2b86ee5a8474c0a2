/// Reads a message from a terminal: editing, history, several lines.
///
/// Enter ends the message; Alt-Enter, Ctrl-J or a backslash before Enter starts a new line in it; pasted line ends stay.
package struct LineEditor {
  /// What was entered.
  package enum Entry: Equatable {
    case message(String)
    /// Ctrl-C; `empty` when there was nothing to throw away.
    case interrupted(empty: Bool)
    /// Ctrl-D on an empty line, or the end of input.
    case end
  }

  let prompt: String
  let continuation: String
  var history: History
  private var decoder = KeyDecoder()
  private var queued: [Key] = []
  private var shownCursorRow = 0

  package init(prompt: String, continuation: String, history: History) {
    self.prompt = prompt
    self.continuation = continuation
    self.history = history
  }

  /// Reads one message; `nil` where standard input is no terminal.
  package mutating func read() -> Entry? {
    guard Terminal.enterRawMode() else { return nil }
    // Bracketed paste tells pasted line ends from typed ones.
    Output.notePiece("\u{1B}[?2004h")
    defer {
      Output.notePiece("\u{1B}[?2004l")
      Terminal.restore()
    }
    var buffer = EditBuffer()
    var browsing = Browsing(position: history.entries.count)
    shownCursorRow = 0
    draw(buffer)
    while true {
      guard let key = nextKey() else {
        leave(buffer)
        return .end
      }
      switch key {
      case .enter:
        if buffer.cursor > 0, buffer.characters[buffer.cursor - 1] == "\\" {
          buffer.backspace()
          buffer.insert("\n")
        } else {
          leave(buffer)
          history.add(buffer.text)
          return .message(buffer.text)
        }
      case .interrupt:
        leave(buffer)
        return .interrupted(empty: buffer.isEmpty)
      case .endOfInput:
        if buffer.isEmpty {
          leave(buffer)
          return .end
        }
        buffer.delete()
      case .clearScreen:
        Output.notePiece("\u{1B}[H\u{1B}[2J")
        shownCursorRow = 0
      case .up: if !buffer.up() { browsing.move(by: -1, in: history.entries, &buffer) }
      case .down: if !buffer.down() { browsing.move(by: 1, in: history.entries, &buffer) }
      default: Self.edit(&buffer, key)
      }
      draw(buffer)
    }
  }

  /// A walk through the history; what was being written waits at its end.
  private struct Browsing {
    var position: Int
    var draft = ""

    mutating func move(by step: Int, in entries: [String], _ buffer: inout EditBuffer) {
      let target = position + step
      guard (0...entries.count).contains(target) else { return }
      if position == entries.count { draft = buffer.text }
      position = target
      buffer.replace(target == entries.count ? draft : entries[target])
    }
  }

  private static func edit(_ buffer: inout EditBuffer, _ key: Key) {
    switch key {
    case .text(let text): buffer.insert(text)
    case .newline: buffer.insert("\n")
    case .tab: buffer.insert("  ")
    case .backspace: buffer.backspace()
    case .delete: buffer.delete()
    case .left: buffer.left()
    case .right: buffer.right()
    case .home: buffer.home()
    case .end: buffer.end()
    case .wordLeft: buffer.wordLeft()
    case .wordRight: buffer.wordRight()
    case .killWord: buffer.killWord()
    case .killToStart: buffer.killToStart()
    case .killToEnd: buffer.killToEnd()
    case .yank: buffer.yank()
    default: break
    }
  }

  private mutating func nextKey() -> Key? {
    while queued.isEmpty {
      // A lone Escape is told from the start of a sequence by what follows at once.
      guard let bytes = Terminal.read(timeoutMilliseconds: decoder.isHolding ? 50 : -1) else {
        queued = decoder.flush()
        continue
      }
      if bytes.isEmpty { return nil }
      queued = decoder.decode(bytes)
    }
    return queued.removeFirst()
  }

  private mutating func draw(_ buffer: EditBuffer) {
    let layout = EditLayout(buffer, prompt: prompt, continuation: continuation, columns: Terminal.columns)
    var text = shownCursorRow > 0 ? "\u{1B}[\(shownCursorRow)A" : ""
    text += "\r\u{1B}[J" + layout.rows.joined(separator: "\r\n")
    let below = layout.rows.count - 1 - layout.cursorRow
    if below > 0 { text += "\u{1B}[\(below)A" }
    text += "\r" + (layout.cursorColumn > 0 ? "\u{1B}[\(layout.cursorColumn)C" : "")
    Output.notePiece(text)
    shownCursorRow = layout.cursorRow
  }

  /// Leaves the text on the screen and goes to the line after it.
  private mutating func leave(_ buffer: EditBuffer) {
    let layout = EditLayout(buffer, prompt: prompt, continuation: continuation, columns: Terminal.columns)
    let below = layout.rows.count - 1 - layout.cursorRow
    Output.notePiece((below > 0 ? "\u{1B}[\(below)B" : "") + "\r\n")
    shownCursorRow = 0
  }
}
