/// Makes text of bytes that come in pieces: what may still become a character is held back, what cannot is replaced by
/// U+FFFD, one for each maximal part of a sequence (Unicode, chapter 3.9, "U+FFFD Substitution of Maximal Subparts").
struct UTF8Assembler: Sendable {
  /// The beginning of a sequence that is valid so far: at most three bytes.
  private var pending: [UInt8] = []

  /// Whether anything is held back.
  var isHolding: Bool { !pending.isEmpty }

  /// The text that is certain after these bytes.
  mutating func append(_ bytes: some Sequence<UInt8>) -> String {
    pending.append(contentsOf: bytes)
    var output: [UInt8] = []
    output.reserveCapacity(pending.count)
    var position = 0
    loop: while position < pending.count {
      switch UTF8Assembler.sequence(pending, at: position) {
      case .complete(let length):
        output.append(contentsOf: pending[position..<position + length])
        position += length
      case .broken(let length):
        output.append(contentsOf: LenientUTF8.replacement)
        position += length
      case .unfinished: break loop
      }
    }
    pending.removeFirst(position)
    return String(decoding: output, as: UTF8.self)
  }

  /// What is left when no more bytes come.
  mutating func finish() -> String {
    defer { pending.removeAll() }
    return pending.isEmpty ? "" : "\u{FFFD}"
  }

  private enum Step {
    case complete(Int)
    case broken(Int)
    case unfinished
  }

  private static func sequence(_ bytes: [UInt8], at position: Int) -> Step {
    let first = bytes[position]
    if first < 0x80 { return .complete(1) }
    let length: Int
    var allowed: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if first == 0xE0 { allowed = 0xA0...0xBF }
      if first == 0xED { allowed = 0x80...0x9F }
    case 0xF0...0xF4:
      length = 4
      if first == 0xF0 { allowed = 0x90...0xBF }
      if first == 0xF4 { allowed = 0x80...0x8F }
    default: return .broken(1)
    }
    for offset in 1..<length {
      guard position + offset < bytes.count else { return .unfinished }
      guard allowed.contains(bytes[position + offset]) else { return .broken(offset) }
      allowed = 0x80...0xBF
    }
    return .complete(length)
  }
}
