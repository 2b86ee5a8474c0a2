extension Vocabulary {
  /// The bytes that a token stands for; they need not be valid UTF-8 on their own.
  ///
  /// - Throws: ``TextError/tokenOutOfRange(id:count:)``.
  public func bytes(of token: TokenID) throws(TextError) -> ArraySlice<UInt8> {
    let id = try check(token)
    return pieces[Int(starts[id])..<Int(starts[id + 1])]
  }

  /// What a token is for.
  ///
  /// - Throws: ``TextError/tokenOutOfRange(id:count:)``.
  public func type(of token: TokenID) throws(TextError) -> TokenType {
    types[try check(token)]
  }

  /// The special token with this text, which may be a control, user-defined or unknown one.
  ///
  /// - Throws: ``TextError/unknownSpecialToken(text:)``.
  public func specialToken(_ text: String) throws(TextError) -> TokenID {
    if let id = matcher.find(Array(text.utf8)) { return TokenID(truncatingIfNeeded: id) }
    // Those that are looked for in normalized text only.
    let key = Array(text.utf8) + [UInt8](repeating: 0, count: ByteHash.slack)
    let id = withTexts { lookup in
      key.withUnsafeBufferPointer { lookup.find($0.baseAddress ?? lookup.block, count: text.utf8.count) }
    }
    guard id >= 0, types[id] == .control || types[id] == .userDefined else { throw .unknownSpecialToken(text: text) }
    return TokenID(truncatingIfNeeded: id)
  }

  /// Whether a token ends a generation; false for a number outside the vocabulary.
  public func endsGeneration(_ token: TokenID) -> Bool {
    endOfGeneration.contains(token)
  }

  /// The bytes that no ordinary token stands for on its own. Text with such a byte loses it when it is encoded, as it does in
  /// the reference tokenizer; text without comes back whole.
  public var missingBytes: [UInt8] {
    (0...255).filter { id(ofByte: $0) == nil }
  }

  /// Whether a token is rendered only when asked: control tokens and the unknown token.
  func isHidden(_ id: Int) -> Bool {
    types[id] == .control || types[id] == .unknown
  }

  func check(_ token: TokenID) throws(TextError) -> Int {
    guard token >= 0, Int(token) < count else { throw .tokenOutOfRange(id: Int(token), count: count) }
    return Int(token)
  }

  func id(ofByte byte: UInt8) -> Int? {
    byteTokens[Int(byte)] == MergeTable.noToken ? nil : Int(byteTokens[Int(byte)])
  }

  /// Whether text can become a token: control and unknown tokens it cannot, and byte tokens only for want of others.
  func isOrdinary(_ id: Int) -> Bool {
    types[id] == .normal || types[id] == .userDefined || types[id] == .unused
  }

  /// The text of a token as a file has it, in a byte-level vocabulary what it stands for.
  func text(_ id: Int) -> ArraySlice<UInt8> { texts[Int(textStarts[id])..<Int(textStarts[id + 1])] }

  func textLength(_ id: Int) -> Int { Int(textStarts[id + 1]) - Int(textStarts[id]) }

  /// Calls `body` with a way to find tokens by their text; it is valid for the length of the call.
  func withTexts<Result>(_ body: (ByteStringIndex.Lookup) -> Result) -> Result {
    index.withLookup(block: texts, starts: textStarts, body)
  }

  /// Appends tokens for bytes that no other token covers: one for each if all have one, else the unknown token.
  func appendFallback(_ bytes: some Collection<UInt8>, to tokens: inout [TokenID]) {
    if bytes.allSatisfy({ byteTokens[Int($0)] != MergeTable.noToken }) {
      for byte in bytes { tokens.append(TokenID(truncatingIfNeeded: byteTokens[Int(byte)])) }
    } else if let unknown = special.unknown {
      tokens.append(TokenID(truncatingIfNeeded: unknown))
    }
  }
}
