/// Bytes from a terminal to keys: UTF-8, control characters, escape sequences, pasted text.
package struct KeyDecoder: Sendable {
  private var pending: [UInt8] = []
  private var isPasting = false
  private static let pasteEnd: [UInt8] = Array("\u{1B}[201~".utf8)

  package init() {}

  /// Whether bytes are held that may be the start of a longer key.
  package var isHolding: Bool { !pending.isEmpty }

  /// The keys that `bytes` complete.
  package mutating func decode(_ bytes: [UInt8]) -> [Key] {
    pending += bytes
    var keys: [Key] = []
    while !pending.isEmpty, let (key, length) = isPasting ? pasted() : next() {
      pending.removeFirst(length)
      if let key { keys.append(key) }
    }
    return keys
  }

  /// What is held, when nothing more comes: an escape that stands alone means nothing.
  package mutating func flush() -> [Key] {
    defer { pending = [] }
    return pending.isEmpty ? [] : [.other]
  }

  private mutating func pasted() -> (Key?, Int)? {
    guard let end = firstIndex(of: Self.pasteEnd) else {
      // The end's own beginning may be cut off: leave that much for later.
      let ready = pending.count - (Self.pasteEnd.count - 1)
      let whole = ready > 0 ? wholeCharacters(ready) : 0
      return whole > 0 ? (Self.pastedText(pending[..<whole]), whole) : nil
    }
    isPasting = false
    return (end > 0 ? Self.pastedText(pending[..<end]) : nil, end + Self.pasteEnd.count)
  }

  /// The longest prefix of at most `limit` bytes that ends between characters.
  private func wholeCharacters(_ limit: Int) -> Int {
    var end = limit
    while end > 0, end < pending.count, pending[end] & 0xC0 == 0x80 { end -= 1 }
    return end
  }

  private static func pastedText(_ bytes: ArraySlice<UInt8>) -> Key {
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\r\n" || $0 == "\r" || $0 == "\n" }
    // Other control characters would move the cursor.
    let clean = lines.joined(separator: "\n").unicodeScalars.map { scalar in
      scalar.value == 0x09 ? " " : scalar.value < 0x20 && scalar != "\n" || scalar.value == 0x7F ? "" : String(scalar)
    }
    return .text(clean.joined())
  }

  private func firstIndex(of pattern: [UInt8]) -> Int? {
    guard pending.count >= pattern.count else { return nil }
    return (0...(pending.count - pattern.count)).first { pending[$0...].starts(with: pattern) }
  }

  private mutating func next() -> (Key?, Int)? {
    let byte = pending[0]
    switch byte {
    case 0x1B: return escape()
    case 0x0D: return (.enter, 1)
    case 0x0A: return (.newline, 1)
    case 0x7F, 0x08: return (.backspace, 1)
    case 0x01: return (.home, 1)
    case 0x02: return (.left, 1)
    case 0x03: return (.interrupt, 1)
    case 0x04: return (.endOfInput, 1)
    case 0x05: return (.end, 1)
    case 0x06: return (.right, 1)
    case 0x09: return (.tab, 1)
    case 0x0B: return (.killToEnd, 1)
    case 0x0C: return (.clearScreen, 1)
    case 0x0E: return (.down, 1)
    case 0x10: return (.up, 1)
    case 0x15: return (.killToStart, 1)
    case 0x17: return (.killWord, 1)
    case 0x19: return (.yank, 1)
    case 0..<0x20: return (.other, 1)
    case 0x20..<0x80:
      let length = pending.prefix { (0x20..<0x7F).contains($0) }.count
      return (.text(String(decoding: pending[..<length], as: UTF8.self)), length)
    default: return character(byte)
    }
  }

  private func character(_ lead: UInt8) -> (Key?, Int)? {
    let length = lead >= 0xF0 && lead < 0xF8 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1
    if length == 1 || lead >= 0xF8 { return (.other, 1) }
    if pending.count < length { return nil }
    guard let text = String(validating: pending[..<length], as: UTF8.self) else { return (.other, 1) }
    return (.text(text), length)
  }

  private mutating func escape() -> (Key?, Int)? {
    guard pending.count > 1 else { return nil }
    switch pending[1] {
    case 0x0D, 0x0A: return (.newline, 2)
    case UInt8(ascii: "b"): return (.wordLeft, 2)
    case UInt8(ascii: "f"): return (.wordRight, 2)
    case 0x7F: return (.killWord, 2)
    case UInt8(ascii: "["), UInt8(ascii: "O"): break
    default: return (.other, 2)
    }
    // A sequence ends with its first letter or tilde.
    guard let end = pending.indices.dropFirst(2).first(where: { (0x40...0x7E).contains(pending[$0]) }) else {
      return pending.count > 16 ? (.other, pending.count) : nil
    }
    let body = String(decoding: pending[2...end], as: UTF8.self)
    if body == "200~" { isPasting = true }
    return (Self.sequences[body] ?? (body == "200~" ? nil : .other), end + 1)
  }

  private static let sequences: [String: Key] = [
    "A": .up, "B": .down, "C": .right, "D": .left, "H": .home, "F": .end, "1~": .home, "7~": .home, "4~": .end,
    "8~": .end, "3~": .delete, "1;5C": .wordRight, "1;5D": .wordLeft, "1;3C": .wordRight, "1;3D": .wordLeft,
    "27;2;13~": .newline, "13;2u": .newline,
  ]
}
