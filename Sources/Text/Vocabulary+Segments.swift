extension Vocabulary {
  /// A part of a prompt that is encoded on its own.
  enum PromptPart: Equatable {
    /// A special token that the template wrote.
    case token(TokenID)
    /// Text between such tokens, whose words may span what the template and what messages wrote.
    case text(String)
  }

  /// A rendered prompt cut at the special tokens in its template's text. One that lies across the border of a segment is
  /// none.
  func parts(of segments: [PromptSegment]) -> [PromptPart] {
    var parts: [PromptPart] = []
    var text = ""
    func flush() {
      if !text.isEmpty { parts.append(.text(text)) }
      text = ""
    }
    for segment in segments {
      guard case .template(let template) = segment else {
        text += segment.content
        continue
      }
      let bytes = Array(template.utf8)
      var at = 0
      let matches = bytes.withUnsafeBufferPointer { matcher.matches(in: $0, parseSpecial: true) }
      // Tokens that any text may hold are found with the text around them.
      for match in matches where types[match.id] != .userDefined {
        text += String(decoding: bytes[at..<match.start], as: UTF8.self)
        flush()
        parts.append(.token(TokenID(truncatingIfNeeded: match.id)))
        at = match.end
      }
      text += String(decoding: bytes[at...], as: UTF8.self)
    }
    flush()
    return parts
  }
}
