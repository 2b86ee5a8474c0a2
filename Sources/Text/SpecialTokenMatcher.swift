/// Finds special tokens in text, longest first as the reference tokenizer does: every occurrence of a longer one is taken
/// before any of a shorter one, wherever they stand.
struct SpecialTokenMatcher: Sendable {
  /// A special token in a text.
  struct Match: Equatable {
    var start: Int
    var end: Int
    var id: Int
  }

  /// Texts in lexicographic order, each as bytes.
  private let texts: [[UInt8]]
  private let ids: [Int]
  /// Whether plain text may hold it, too.
  private let isPlain: [Bool]
  /// Where the texts with each first byte start in `texts`: 257 entries.
  private let firsts: [Int]
  private let hasPlain: Bool
  /// How each takes the text around it, where one does.
  private let flags: [Int: AddedTokenFlags]
  /// Whether the leftmost comes first, and of those at one place the longest, as the Rust tokenizers have it.
  private let takesLeftmost: Bool

  /// How many special tokens may be the beginning of another; bounds the matches at one place of a text. The deepest known
  /// case is a vocabulary with a token for each run of 2 to 24 spaces.
  static let depthLimit = 64

  init(
    ids: [Int], pieces: [UInt8], starts: [UInt32], types: [TokenType], flags: [Int: AddedTokenFlags] = [:],
    takesLeftmost: Bool = false
  ) throws(TextError) {
    let texts = ids.map { (text: Array(pieces[Int(starts[$0])..<Int(starts[$0 + 1])]), id: $0) }
    try self.init(texts, types: types, flags: flags, takesLeftmost: takesLeftmost)
  }

  /// Finds these texts, none of which is empty; `types` are those of the whole vocabulary.
  init(
    _ list: [(text: [UInt8], id: Int)], types: [TokenType], flags: [Int: AddedTokenFlags], takesLeftmost: Bool
  ) throws(TextError) {
    self.flags = flags
    self.takesLeftmost = takesLeftmost
    let entries =
      list
      .sorted { $0.text == $1.text ? $0.id < $1.id : $0.text.lexicographicallyPrecedes($1.text) }
    var firsts = [Int](repeating: 0, count: 257)
    var open: [Int] = []
    for (order, entry) in entries.enumerated() {
      firsts[Int(entry.text[0]) + 1] += 1
      if order > 0, entries[order - 1].text == entry.text {
        throw .duplicateToken(first: entries[order - 1].id, second: entry.id)
      }
      // What is open are the texts that this one begins with, each the beginning of the next.
      while let last = open.last, !entry.text.starts(with: entries[last].text) { open.removeLast() }
      guard open.count < SpecialTokenMatcher.depthLimit else {
        throw .specialTokensNested(id: entry.id, depth: open.count, limit: SpecialTokenMatcher.depthLimit - 1)
      }
      open.append(order)
    }
    for byte in 0..<256 { firsts[byte + 1] += firsts[byte] }
    self.firsts = firsts
    texts = entries.map(\.text)
    self.ids = entries.map(\.id)
    isPlain = entries.map { types[$0.id] == .userDefined }
    hasPlain = isPlain.contains(true)
  }

  /// The special token with exactly this text.
  func find(_ text: [UInt8]) -> Int? {
    var low = 0
    var high = texts.count
    while low < high {
      let middle = (low + high) / 2
      if texts[middle].lexicographicallyPrecedes(text) { low = middle + 1 } else { high = middle }
    }
    return low < texts.count && texts[low] == text ? ids[low] : nil
  }

  /// The special tokens in a text, in its order. Without `parseSpecial` only user-defined ones count.
  func matches(in text: UnsafeBufferPointer<UInt8>, parseSpecial: Bool) -> [Match] {
    guard parseSpecial ? !texts.isEmpty : hasPlain else { return [] }
    var all: [(order: Int, start: Int)] = []
    for start in 0..<text.count {
      let byte = Int(text[start])
      if firsts[byte] < firsts[byte + 1] { collect(text, start, parseSpecial, &all) }
    }
    guard !all.isEmpty else { return [] }
    if takesLeftmost || !flags.isEmpty {
      return flags.isEmpty ? leftmost(all) : AddedTokenFlags.apply(flags, to: leftmost(all), in: text)
    }
    all.sort { left, right in
      let (a, b) = (texts[left.order].count, texts[right.order].count)
      if a != b { return a > b }
      return left.order != right.order ? ids[left.order] < ids[right.order] : left.start < right.start
    }
    return resolve(all, length: text.count)
  }

  /// Every special token that starts at one place, found by narrowing the sorted range byte by byte.
  private func collect(
    _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ parseSpecial: Bool, _ all: inout [(order: Int, start: Int)]
  ) {
    var low = firsts[Int(text[start])]
    var high = firsts[Int(text[start]) + 1]
    var depth = 1
    while low < high {
      if texts[low].count == depth {
        if parseSpecial || isPlain[low] { all.append((low, start)) }
        low += 1
      }
      guard low < high, start + depth < text.count else { return }
      let byte = text[start + depth]
      low = bound(low, high, depth) { $0 < byte }
      high = bound(low, high, depth) { $0 <= byte }
      depth += 1
    }
  }

  private func bound(_ low: Int, _ high: Int, _ depth: Int, _ isBefore: (UInt8) -> Bool) -> Int {
    var low = low
    var high = high
    while low < high {
      let middle = (low + high) / 2
      if isBefore(texts[middle][depth]) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// From left to right, each the longest at its place and behind the last.
  private func leftmost(_ all: [(order: Int, start: Int)]) -> [Match] {
    var kept: [Match] = []
    for (order, start) in all {
      let match = Match(start: start, end: start + texts[order].count, id: ids[order])
      if let last = kept.last, start < last.end {
        // Matches at one place come with the shortest first.
        if last.start == start { kept[kept.count - 1] = match }
        continue
      }
      kept.append(match)
    }
    return kept
  }

  /// Keeps the first of every set of overlapping matches.
  private func resolve(_ all: [(order: Int, start: Int)], length: Int) -> [Match] {
    guard all.count > 1 else {
      return all.map { Match(start: $0.start, end: $0.start + texts[$0.order].count, id: ids[$0.order]) }
    }
    var taken = [Bool](repeating: false, count: length)
    var kept: [Match] = []
    for (order, start) in all {
      let end = start + texts[order].count
      // A kept match is at least as long as this one, so an overlap covers one of this one's ends.
      if taken[start] || taken[end - 1] { continue }
      for position in start..<end { taken[position] = true }
      kept.append(Match(start: start, end: end, id: ids[order]))
    }
    return kept.sorted { $0.start < $1.start }
  }
}
