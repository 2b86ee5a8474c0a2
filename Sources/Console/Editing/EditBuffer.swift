/// Text being edited: characters as users see them, and a cursor between two of them.
package struct EditBuffer: Sendable, Equatable {
  /// The characters.
  package private(set) var characters: [Character] = []
  /// How many characters are before the cursor.
  package private(set) var cursor = 0
  private var killed: [Character] = []

  package init(_ text: String = "") {
    characters = Array(text)
    cursor = characters.count
  }

  /// The text.
  package var text: String { String(characters) }
  /// Whether there is none.
  package var isEmpty: Bool { characters.isEmpty }

  /// Puts text in at the cursor; marks join the character before them.
  package mutating func insert(_ text: String) {
    let before = String(characters[..<cursor]) + text
    let head = Array(before)
    characters.replaceSubrange(..<cursor, with: head)
    cursor = head.count
  }

  /// Replaces everything.
  package mutating func replace(_ text: String) {
    characters = Array(text)
    cursor = characters.count
  }

  package mutating func backspace() {
    guard cursor > 0 else { return }
    cursor -= 1
    characters.remove(at: cursor)
  }

  package mutating func delete() {
    if cursor < characters.count { characters.remove(at: cursor) }
  }

  package mutating func left() { cursor = max(0, cursor - 1) }
  package mutating func right() { cursor = min(characters.count, cursor + 1) }
  package mutating func home() { cursor = lineStart }
  package mutating func end() { cursor = lineEnd }

  package mutating func wordLeft() { cursor = previousWord }
  package mutating func wordRight() {
    while cursor < characters.count, !Self.isWord(characters[cursor]) { cursor += 1 }
    while cursor < characters.count, Self.isWord(characters[cursor]) { cursor += 1 }
  }

  package mutating func killWord() { kill(previousWord..<cursor) }
  package mutating func killToStart() { kill(lineStart..<cursor) }
  package mutating func killToEnd() {
    // At the end of a line, the line's end itself.
    kill(cursor..<(lineEnd == cursor ? min(cursor + 1, characters.count) : lineEnd))
  }
  package mutating func yank() { insert(String(killed)) }

  /// Moves a line up; `false` on the first line.
  package mutating func up() -> Bool {
    let start = lineStart
    guard start > 0 else { return false }
    let column = cursor - start
    let previousEnd = start - 1
    let previousStart = (characters[..<previousEnd].lastIndex(of: "\n") ?? -1) + 1
    cursor = min(previousStart + column, previousEnd)
    return true
  }

  /// Moves a line down; `false` on the last line.
  package mutating func down() -> Bool {
    let end = lineEnd
    guard end < characters.count else { return false }
    let column = cursor - lineStart
    let nextStart = end + 1
    let nextEnd = characters[nextStart...].firstIndex(of: "\n") ?? characters.count
    cursor = min(nextStart + column, nextEnd)
    return true
  }

  private var lineStart: Int { (characters[..<cursor].lastIndex(of: "\n") ?? -1) + 1 }
  private var lineEnd: Int { characters[cursor...].firstIndex(of: "\n") ?? characters.count }

  private var previousWord: Int {
    var at = cursor
    while at > 0, !Self.isWord(characters[at - 1]) { at -= 1 }
    while at > 0, Self.isWord(characters[at - 1]) { at -= 1 }
    return at
  }

  private static func isWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  private mutating func kill(_ range: Range<Int>) {
    if range.isEmpty { return }
    killed = Array(characters[range])
    characters.removeSubrange(range)
    cursor = range.lowerBound
  }
}
