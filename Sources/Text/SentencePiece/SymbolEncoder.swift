/// Encodes a text word by word with a ``SymbolMerger``. A word that occurred before in the text takes its tokens from there.
struct SymbolEncoder<Source: PairSource> {
  let lookup: ByteStringIndex.Lookup
  let source: Source
  /// The text, with ``ByteHash/slack`` readable bytes behind it.
  let text: UnsafePointer<UInt8>
  let count: Int
  private var merger = SymbolMerger()
  private var seen: [SeenWord]
  private static var cachedLimit: Int { 48 }

  private struct SeenWord {
    var start: UInt32 = 0
    var length: UInt32 = 0
    var tokenStart: UInt32 = 0
    var tokenCount: UInt32 = 0
  }

  init(lookup: ByteStringIndex.Lookup, source: Source, text: UnsafePointer<UInt8>, count: Int) {
    self.lookup = lookup
    self.source = source
    self.text = text
    self.count = count
    var slots = 0
    if count >= 256 {
      slots = 64
      while slots < count / 16, slots < 1 << 14 { slots *= 2 }
    }
    seen = [SeenWord](repeating: SeenWord(), count: slots)
  }

  /// Appends the tokens of the text.
  ///
  /// - Parameters:
  ///   - breaksAtMarks: whether no token has U+2581 behind another character, so that merging never crosses one.
  ///   - width: the length of the symbol at a place.
  ///   - emit: appends what a symbol becomes.
  mutating func encode(
    breaksAtMarks: Bool, to tokens: inout [TokenID], width: (Int) -> Int,
    emit: (_ start: Int, _ end: Int, _ token: UInt32, _ tokens: inout [TokenID]) -> Void
  ) {
    var start = 0
    while start < count {
      let end = breaksAtMarks ? wordEnd(start, width) : count
      append(start, end, &tokens, width, emit)
      start = end
    }
  }

  /// The next place where the symbol U+2581 follows another.
  private func wordEnd(_ start: Int, _ width: (Int) -> Int) -> Int {
    var position = start
    while position < count, isMark(position) { position &+= 3 }
    while position < count, !isMark(position) { position &+= width(position) }
    return min(position, count)
  }

  @inline(__always)
  private func isMark(_ position: Int) -> Bool {
    text[position] == 0xE2 && position &+ 2 < count && text[position &+ 1] == 0x96 && text[position &+ 2] == 0x81
  }

  private mutating func append(
    _ start: Int, _ end: Int, _ tokens: inout [TokenID], _ width: (Int) -> Int,
    _ emit: (Int, Int, UInt32, inout [TokenID]) -> Void
  ) {
    let length = end - start
    var slot = -1
    if !seen.isEmpty, length <= Self.cachedLimit {
      slot = Int(truncatingIfNeeded: lookup.hash(text + start, count: length)) & (seen.count &- 1)
      let word = seen[slot]
      if Int(word.length) == length, ByteHash.equal(text + Int(word.start), text + start, count: length) {
        let first = Int(word.tokenStart)
        for index in first..<first + Int(word.tokenCount) { tokens.append(tokens[index]) }
        return
      }
    }
    let first = tokens.count
    merger.reset()
    var position = start
    while position < end {
      let size = min(width(position), end - position)
      let id = lookup.find(text + position, count: size)
      merger.append(start: position, token: id < 0 ? MergeTable.noToken : UInt32(truncatingIfNeeded: id))
      position += size
    }
    merger.run(source, end: end) { emit($0, $1, $2, &tokens) }
    if slot >= 0, let place = UInt32(exactly: first) {
      seen[slot] = SeenWord(
        start: UInt32(truncatingIfNeeded: start), length: UInt32(truncatingIfNeeded: length), tokenStart: place,
        tokenCount: UInt32(truncatingIfNeeded: tokens.count - first))
    }
  }
}

extension Vocabulary {
  /// Whether no ordinary token has U+2581 behind another character.
  var breaksAtMarks: Bool {
    (0..<count).allSatisfy { id in
      guard isOrdinary(id) else { return true }
      var rest = text(id)
      while rest.starts(with: Vocabulary.wordMark) { rest = rest.dropFirst(Vocabulary.wordMark.count) }
      var previous: (UInt8, UInt8) = (0, 0)
      for byte in rest {
        if previous == (0xE2, 0x96), byte == 0x81 { return false }
        previous = (previous.1, byte)
      }
      return true
    }
  }
}
