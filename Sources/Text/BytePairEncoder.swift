/// Encodes the words of one text. A word that occurred before in the text takes its tokens from there.
struct BytePairEncoder {
  let tables: BytePairTables
  let text: UnsafePointer<UInt8>
  let output: UnsafeMutablePointer<TokenID>
  /// The number of tokens written.
  private(set) var count = 0

  /// Where words were seen, by their hash; a word takes the place of another with the same slot.
  private var seen: [SeenWord]
  /// Working space for a word of up to ``shortLimit`` bytes: tokens, then ranks.
  private var short = [UInt32](repeating: 0, count: 2 * shortLimit)

  /// Up to here a pair is found by looking at all of them; longer words use a heap.
  private static let shortLimit = 40

  private struct SeenWord {
    var start: UInt32 = 0
    var length: UInt32 = 0
    var outputStart: UInt32 = 0
    var outputCount: UInt32 = 0
  }

  init(
    tables: BytePairTables, text: UnsafePointer<UInt8>, count: Int, output: UnsafeMutablePointer<TokenID>
  ) {
    self.tables = tables
    self.text = text
    self.output = output
    // Short texts repeat few words; in texts of 4 GiB and more the places have no room.
    var slots = 0
    if count >= 256, count < Int(UInt32.max) {
      slots = 64
      while slots < count / 16, slots < 1 << 14 { slots *= 2 }
    }
    seen = [SeenWord](repeating: SeenWord(), count: slots)
  }

  /// Appends a token.
  @inline(__always)
  mutating func append(_ token: TokenID) {
    output[count] = token
    count &+= 1
  }

  /// Appends the tokens of a stretch of well-formed text.
  mutating func encode(_ range: Range<Int>, rules: ArraySlice<SplitRule>) {
    guard let rule = rules.first else {
      if !range.isEmpty { appendWord(range.lowerBound, range.count) }
      return
    }
    let rest = rules.dropFirst()
    let scanner = WordScanner(
      text: text, end: range.upperBound, classes: tables.classes, classLimit: tables.classLimit)
    guard rest.isEmpty else {
      var position = range.lowerBound
      while position < range.upperBound {
        let end = scanner.pieceEnd(position, rule)
        encode(position..<end, rules: rest)
        position = end
      }
      return
    }
    // One loop for each of the rules that whole families have as their only one.
    switch rule {
    case .gpt2: appendWords(range) { scanner.gpt2WordEnd($0) }
    case .gpt2SingleNumbers: appendWords(range) { scanner.gpt2SingleNumberEnd($0) }
    case .words(let style): appendWords(range) { scanner.wordEnd($0, style) }
    default: appendWords(range) { scanner.pieceEnd($0, rule) }
    }
  }

  @inline(__always)
  private mutating func appendWords(_ range: Range<Int>, _ wordEnd: (Int) -> Int) {
    var position = range.lowerBound
    while position < range.upperBound {
      let end = wordEnd(position)
      appendWord(position, end &- position)
      position = end
    }
  }

  @inline(__always)
  private mutating func appendWord(_ start: Int, _ length: Int) {
    if length == 1 {
      appendIfKnown(tables.byteTokens[Int(text[start])])
    } else if length > BytePairEncoder.shortLimit {
      if let token = tables.wholeWord(text + start, length) { return append(token) }
      LongWordMerger.merge(text + start, length, tables) { appendIfKnown($0) }
    } else if seen.isEmpty {
      mergeShort(start, length)
    } else {
      appendSeen(start, length)
    }
  }

  private mutating func appendSeen(_ start: Int, _ length: Int) {
    let slot = Int(truncatingIfNeeded: tables.hash(text + start, count: length)) & (seen.count &- 1)
    let word = seen[slot]
    if Int(word.length) == length, ByteHash.equal(text + Int(word.start), text + start, count: length) {
      let from = output + Int(word.outputStart)
      for index in 0..<Int(word.outputCount) { output[count &+ index] = from[index] }
      count &+= Int(word.outputCount)
      return
    }
    let first = count
    mergeShort(start, length)
    seen[slot] = SeenWord(
      start: UInt32(truncatingIfNeeded: start), length: UInt32(truncatingIfNeeded: length),
      outputStart: UInt32(truncatingIfNeeded: first), outputCount: UInt32(truncatingIfNeeded: count &- first))
  }

  @inline(__always)
  private mutating func appendIfKnown(_ token: UInt32) {
    if token != MergeTable.noToken { append(TokenID(truncatingIfNeeded: token)) }
  }

  private mutating func mergeShort(_ start: Int, _ length: Int) {
    if let token = tables.wholeWord(text + start, length) { return append(token) }
    let left = short.withUnsafeMutableBufferPointer { space -> Int in
      guard let tokens = space.baseAddress else { return 0 }
      let ranks = tokens + BytePairEncoder.shortLimit
      return BytePairEncoder.merge(text + start, length, tables, tokens, ranks)
    }
    for index in 0..<left { appendIfKnown(short[index]) }
  }

  /// Merges the lowest rank first, and of equal ranks the leftmost, until nothing merges.
  ///
  /// - Returns: the number of tokens left.
  private static func merge(
    _ word: UnsafePointer<UInt8>, _ length: Int, _ tables: BytePairTables, _ tokens: UnsafeMutablePointer<UInt32>,
    _ ranks: UnsafeMutablePointer<UInt32>
  ) -> Int {
    var count = length
    for index in 0..<count { tokens[index] = tables.byteTokens[Int(word[index])] }
    // ranks[i] belongs to the pair of token i and the next.
    for index in 0..<count &- 1 { ranks[index] = tables.rank(tokens[index], tokens[index &+ 1]) }
    while count > 1 {
      var best = 0
      for index in 1..<max(count &- 1, 1) where ranks[index] < ranks[best] { best = index }
      let rank = ranks[best]
      if rank == MergeTable.noRank { break }
      tokens[best] = tables.result(rank)
      count &-= 1
      var index = best &+ 1
      while index < count {
        tokens[index] = tokens[index &+ 1]
        ranks[index] = ranks[index &+ 1]
        index &+= 1
      }
      if best &+ 1 < count { ranks[best] = tables.rank(tokens[best], tokens[best &+ 1]) }
      if best > 0 { ranks[best &- 1] = tables.rank(tokens[best &- 1], tokens[best]) }
    }
    return count
  }
}
