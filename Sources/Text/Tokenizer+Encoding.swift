extension Tokenizer {
  /// Splits special tokens out and encodes what lies between them. `isFirst` says whether the bytes begin a text.
  func appendTokens(
    of bytes: UnsafeBufferPointer<UInt8>, parseSpecial: Bool, isFirst: Bool, to tokens: inout [TokenID]
  ) {
    guard !bytes.isEmpty else { return }
    let matches = vocabulary.matcher.matches(in: bytes, parseSpecial: parseSpecial)
    if case .bytePair(let model) = model, pieces.normalization.isEmpty, pieces.steps.isEmpty, lateMatcher == nil {
      return model.append(bytes, matches, vocabulary, to: &tokens)
    }
    var position = 0
    for match in matches {
      append(bytes, position..<match.start, parseSpecial, isFirst: isFirst && position == 0, &tokens)
      tokens.append(TokenID(truncatingIfNeeded: match.id))
      position = match.end
    }
    append(bytes, position..<bytes.count, parseSpecial, isFirst: isFirst && position == 0, &tokens)
  }

  /// The tokens of a stretch without special tokens that are looked for in text as it is.
  private func append(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ parseSpecial: Bool, isFirst: Bool,
    _ tokens: inout [TokenID]
  ) {
    guard !range.isEmpty else { return }
    let stretch = UnsafeBufferPointer(rebasing: bytes[range])
    if case .sentencePiece(let model, let addsSpacePrefix) = model {
      return Self.marked(stretch, addsSpacePrefix).withUnsafeBufferPointer {
        model.append($0, vocabulary, to: &tokens)
      }
    }
    let text = pieces.normalize(stretch)
    guard let lateMatcher else { return appendNormalized(text, isFirst: isFirst, &tokens) }
    let matches = text.withUnsafeBufferPointer { lateMatcher.matches(in: $0, parseSpecial: parseSpecial) }
    var position = 0
    for match in matches {
      appendNormalized(Array(text[position..<match.start]), isFirst: isFirst && position == 0, &tokens)
      tokens.append(TokenID(truncatingIfNeeded: match.id))
      position = match.end
    }
    appendNormalized(Array(text[position...]), isFirst: isFirst && position == 0, &tokens)
  }

  private func appendNormalized(_ text: [UInt8], isFirst: Bool, _ tokens: inout [TokenID]) {
    pieces.cut(text, isFirst: isFirst) { piece in
      switch model {
      case .bytePair(let model): model.append(piece, [], vocabulary, to: &tokens)
      case .sentencePiece(let model, _): model.append(piece, vocabulary, to: &tokens)
      case .characterPair(let model): model.append(piece, vocabulary, to: &tokens)
      case .unigram(let model): model.append(piece, vocabulary, to: &tokens)
      case .wordPiece(let model): model.append(piece, to: &tokens)
      }
    }
  }

  /// The bytes with U+2581 for each space, and one in front if asked for.
  private static func marked(_ bytes: UnsafeBufferPointer<UInt8>, _ addsSpacePrefix: Bool) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count + bytes.count / 2 + 3)
    if addsSpacePrefix { text += Vocabulary.wordMark }
    for byte in bytes {
      if byte == 0x20 { text += Vocabulary.wordMark } else { text.append(byte) }
    }
    return text
  }
}
