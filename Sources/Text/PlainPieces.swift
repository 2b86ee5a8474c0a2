/// A vocabulary in plain text, decoded: what each token stands for, and how it is found.
struct PlainPieces {
  private(set) var pieces: [UInt8] = []
  private(set) var starts: [UInt32] = [0]
  private(set) var texts: [UInt8]
  private(set) var index: ByteStringIndex
  private(set) var byteTokens = [UInt32](repeating: MergeTable.noToken, count: 256)
  /// The numbers of control, user-defined and unknown tokens.
  private(set) var special: [Int] = []

  /// The most bytes of one token: every place of a text is compared with tokens up to this length.
  static let bytesLimit = 1024

  init(_ tokens: ByteStrings, types: [TokenType], style: PieceStyle) throws(TextError) {
    texts = tokens.bytes + [UInt8](repeating: 0, count: ByteHash.slack)
    index = ByteStringIndex(capacity: tokens.count, hash: ByteHash())
    pieces.reserveCapacity(tokens.bytes.count + ByteHash.slack)
    starts.reserveCapacity(tokens.count + 1)
    for id in 0..<tokens.count {
      let text = tokens[id]
      guard !text.isEmpty else { throw .emptyToken(id: id) }
      guard text.count <= PlainPieces.bytesLimit else {
        throw .tokenTooLong(id: id, bytes: text.count, limit: PlainPieces.bytesLimit)
      }
      switch types[id] {
      case .control, .userDefined, .unknown:
        special.append(id)
        pieces += text
      case .byte:
        guard let byte = Vocabulary.byte(text) else { throw .malformedByteToken(id: id) }
        guard byteTokens[Int(byte)] == MergeTable.noToken else {
          throw .duplicateToken(first: Int(byteTokens[Int(byte)]), second: id)
        }
        byteTokens[Int(byte)] = UInt32(truncatingIfNeeded: id)
        pieces.append(byte)
      case .normal, .unused: append(text, style)
      }
      starts.append(UInt32(truncatingIfNeeded: pieces.count))
    }
    pieces += [UInt8](repeating: 0, count: ByteHash.slack)
    var duplicate: (Int, Int)?
    Vocabulary.withPointers(texts, tokens.offsets) { block, offsets in
      for id in 0..<tokens.count where [.normal, .userDefined, .unused].contains(types[id]) {
        if let other = index.insert(id, block: block, starts: offsets) {
          duplicate = (other, id)
          return
        }
      }
    }
    if let (first, second) = duplicate { throw .duplicateToken(first: first, second: second) }
  }

  private mutating func append(_ text: ArraySlice<UInt8>, _ style: PieceStyle) {
    var rest = text
    let mark = Vocabulary.wordMark
    if style == .wordPiece {
      if rest.starts(with: mark) {
        pieces.append(0x20)
        rest = rest.dropFirst(mark.count)
      }
      pieces += rest
      return
    }
    while let first = rest.first {
      if first == mark[0], rest.starts(with: mark) {
        pieces.append(0x20)
        rest = rest.dropFirst(mark.count)
      } else {
        pieces.append(first)
        rest = rest.dropFirst()
      }
    }
  }
}

extension Vocabulary {
  /// U+2581, which stands for a space.
  static let wordMark: [UInt8] = [0xE2, 0x96, 0x81]

  /// The byte of a text such as `<0x0A>`.
  package static func byte(_ text: ArraySlice<UInt8>) -> UInt8? {
    let text = Array(text)
    guard text.count == 6, text.starts(with: [0x3C, 0x30, 0x78]), text[5] == 0x3E, text[3] != 0x2B else { return nil }
    return UInt8(String(decoding: text[3...4], as: UTF8.self), radix: 16)
  }
}
