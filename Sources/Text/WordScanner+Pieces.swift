/// Rules that match some of a text only.
extension WordScanner {
  /// The end of the match that starts at `start`, or of the text before the next one.
  func otherPieceEnd(_ start: Int, _ rule: SplitRule) -> Int {
    if rule == .trailingSpace { return trailingSpaceEnd(start) }
    if let end = match(start, rule) { return end }
    var position = start
    repeat { position &+= scalar(position).length } while position < end && match(position, rule) == nil
    return position
  }

  /// The end of a match; each looks only at what it takes and at one character more, so that a text is looked at twice at
  /// most.
  private func match(_ start: Int, _ rule: SplitRule) -> Int? {
    let (point, length) = scalar(start)
    let kind = UnicodeClasses.kind(point, classes, classLimit)
    switch rule {
    case .numbers(let limit): return kind & UnicodeClasses.number != 0 ? numberEnd(start, limit) : nil
    case .threeDigits:
      guard start &+ 3 <= end, (0..<3).allSatisfy({ (0x30...0x39).contains(text[start &+ $0]) }) else { return nil }
      return start &+ 3
    case .punctuationRuns(let backtick):
      return some(start) { isPunctuation($0, $1) && ($0 != 0x60 || backtick) }
    case .punctuation: return isPunctuation(point, kind) ? start &+ length : nil
    case .lineEnds: return point == 0x0A || point == 0x0D ? start &+ 1 : nil
    case .lineFeedRuns: return some(start) { point, _ in point == 0x0A }
    case .runs(let set, let leadingSpace):
      let first = leadingSpace && kind & UnicodeClasses.space != 0 && !set.contains(point) ? start &+ length : start
      return some(first) { point, _ in set.contains(point) }
    case .classRuns(let wanted):
      let first = kind & UnicodeClasses.space != 0 ? start &+ length : start
      return some(first) { _, kind in kind & wanted != 0 }
    case .deepSeekWords: return deepSeekWord(start, point, kind, length)
    case .bloomWords:
      return some(point == 0x20 ? start &+ 1 : start) { point, _ in !CharacterRanges.bloomStops.contains(point) }
    case .spaceRuns: return some(start) { _, kind in kind & UnicodeClasses.space != 0 }
    case .bert:
      return isPunctuation(point, kind) ? start &+ length : some(start) { _, kind in kind & UnicodeClasses.space != 0 }
    case .wordsAndRest:
      if isWord(point, kind) { return some(start, isWord) }
      return some(start) { !isWord($0, $1) && $1 & UnicodeClasses.space == 0 }
        ?? some(start) { _, kind in kind & UnicodeClasses.space != 0 }
    case .metaspace:
      guard point == 0x2581 else { return nil }
      return some(start &+ length) { point, _ in point != 0x2581 } ?? start &+ length
    case .gpt2, .gpt2SingleNumbers, .words, .casedWords, .trailingSpace: return nil
    }
  }

  /// The end of a run of at least one character.
  @inline(__always)
  private func some(_ start: Int, _ isWanted: (UInt32, UInt8) -> Bool) -> Int? {
    var position = start
    while position < end {
      let (point, length) = scalar(position)
      if !isWanted(point, UnicodeClasses.kind(point, classes, classLimit)) { break }
      position &+= length
    }
    return position > start ? position : nil
  }

  /// Punctuation, with the symbols of ASCII.
  @inline(__always)
  private func isPunctuation(_ point: UInt32, _ kind: UInt8) -> Bool {
    kind & UnicodeClasses.punctuation != 0 || point < 0x80 && kind & UnicodeClasses.symbol != 0
  }

  /// What `\w` takes: letters, marks, decimal and letter-like numbers, circled letters, connectors and joiners.
  private func isWord(_ point: UInt32, _ kind: UInt8) -> Bool {
    if kind & (UnicodeClasses.letter | UnicodeClasses.mark) != 0 { return true }
    if kind & UnicodeClasses.number != 0 { return kind & UnicodeClasses.upper != 0 }
    switch point {
    case 0x5F, 0x200C, 0x200D, 0x203F, 0x2040, 0x2054, 0x24B6...0x24E9, 0xFE33, 0xFE34, 0xFE4D...0xFE4F, 0xFF3F,
      0x1F130...0x1F149, 0x1F150...0x1F169, 0x1F170...0x1F189:
      return true
    default: return false
    }
  }

  /// ASCII punctuation before ASCII letters; letters and marks with one leading character; punctuation and symbols with one
  /// leading space and the line ends behind them; white space.
  private func deepSeekWord(_ start: Int, _ point: UInt32, _ kind: UInt8, _ length: Int) -> Int? {
    let letters = UnicodeClasses.letter | UnicodeClasses.mark
    let signs = UnicodeClasses.punctuation | UnicodeClasses.symbol
    func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & ~0x20) }
    if point < 0x80, kind & signs != 0, start &+ 1 < end, isLetter(text[start &+ 1]) {
      var position = start &+ 1
      while position < end, isLetter(text[position]) { position &+= 1 }
      return position
    }
    if kind & letters != 0 { return run(letters, from: start) }
    let next = kindIfAny(start &+ length)
    if kind & signs == 0, point != 0x0A, point != 0x0D, let (next, nextLength) = next, next & letters != 0 {
      return run(letters, from: start &+ length &+ nextLength)
    }
    var position = start
    if point == 0x20, let (next, _) = next, next & signs != 0 { position = start &+ 1 }
    if position > start || kind & signs != 0 {
      position = run(signs, from: position)
      while position < end, text[position] == 0x0A || text[position] == 0x0D { position &+= 1 }
      return position
    }
    return kind & UnicodeClasses.space != 0 ? lineOrSpaces(start) : nil
  }

  /// White space at the end of the text, or what stands before it.
  private func trailingSpaceEnd(_ start: Int) -> Int {
    var first = end
    while first > start {
      var previous = first &- 1
      while previous > start, text[previous] & 0xC0 == 0x80 { previous &-= 1 }
      if character(previous).kind & UnicodeClasses.space == 0 { break }
      first = previous
    }
    return first > start ? first : end
  }
}
