/// Takes a stretch of text through normalization and the steps that cut it into pieces.
struct TextPieces: Sendable {
  var normalization: [NormalizationStep]
  var steps: [PieceStep]

  /// The stretch as well-formed, normalized text.
  func normalize(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    // SentencePiece's map of characters sees to what is no UTF-8 itself.
    if case .characterMap = normalization.first { return normalization.reduce(Array(bytes)) { $1($0) } }
    let (count, isIntact) = LenientUTF8.survey(bytes)
    var text =
      isIntact
      ? Array(bytes)
      : [UInt8](unsafeUninitializedCapacity: count) { output, written in
        if let base = output.baseAddress { LenientUTF8.repair(bytes, into: base) }
        written = count
      }
    for step in normalization { text = step(text) }
    return text
  }

  /// Calls `body` with each piece of normalized text; `isFirst` says whether nothing stands before it.
  func cut(_ text: [UInt8], isFirst: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    cut(text[...], steps[...], isFirst: isFirst, body)
  }

  private func cut(
    _ text: ArraySlice<UInt8>, _ steps: ArraySlice<PieceStep>, isFirst: Bool,
    _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard !text.isEmpty else { return }
    guard let step = steps.first else { return text.withUnsafeBufferPointer(body) }
    let rest = steps.dropFirst()
    switch step {
    case .split(let rule):
      let classes = UnicodeClasses.shared
      var ends: [Int] = []
      Vocabulary.withPointers(Array(text), classes.table) { base, table in
        let scanner = WordScanner(text: base, end: text.count, classes: table, classLimit: classes.limit)
        var position = 0
        while position < text.count {
          position = scanner.pieceEnd(position, rule)
          ends.append(position)
        }
      }
      var start = text.startIndex
      for end in ends {
        let stop = text.startIndex + end
        cut(text[start..<stop], rest, isFirst: isFirst && start == text.startIndex, body)
        start = stop
      }
    case .dropSpaces:
      if !Self.isSpace(text) { cut(text, rest, isFirst: isFirst, body) }
    case .metaspace(let prefix):
      var marked: [UInt8] = []
      let mark = Vocabulary.wordMark
      if prefix == .always || prefix == .first && isFirst, text.first != 0x20, !text.starts(with: mark) {
        marked += mark
      }
      for byte in text {
        if byte == 0x20 { marked += mark } else { marked.append(byte) }
      }
      cut(marked[...], rest, isFirst: isFirst, body)
    case .spacePrefix:
      cut(text.first == 0x20 ? text : ([0x20] + text)[...], rest, isFirst: isFirst, body)
    }
  }

  private static func isSpace(_ text: ArraySlice<UInt8>) -> Bool {
    // Most words begin with a letter of ASCII.
    if let first = text.first, first &- 0x21 < 0x5E { return false }
    let classes = UnicodeClasses.shared
    return LenientUTF8.points(Array(text)).allSatisfy { classes.kind($0) & UnicodeClasses.space != 0 }
  }
}
