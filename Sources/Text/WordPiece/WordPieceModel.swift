/// BERT's WordPiece: of each word the longest token first, then the longest of what is left. Texts of tokens are those of
/// GGUF: a word's first piece has U+2581 in front, the others nothing.
/// Paper: Schuster, Nakajima, *Japanese and Korean Voice Search*, 2012.
struct WordPieceModel: Sendable {
  private let trie: PieceTrie
  /// The node behind U+2581, if a token begins with it.
  private let wordStart: UInt32?
  private let unknown: TokenID
  private let charactersLimit: Int

  /// - Parameter charactersLimit: longer words are unknown.
  init(vocabulary: Vocabulary, charactersLimit: Int = 100) throws(TextError) {
    guard let unknown = vocabulary.special.unknown else { throw .specialTokenMissing(field: "unknown") }
    self.unknown = TokenID(truncatingIfNeeded: unknown)
    self.charactersLimit = charactersLimit
    trie = PieceTrie(vocabulary)
    var node: UInt32? = PieceTrie.root
    for byte in Vocabulary.wordMark { node = node.flatMap { [trie] in trie.child($0, byte) } }
    wordStart = node
  }

  /// Appends the tokens of a word.
  func append(_ word: UnsafeBufferPointer<UInt8>, to tokens: inout [TokenID]) {
    let first = tokens.count
    var node = wordStart
    var position = 0
    if word.count > charactersLimit, word.count(where: { $0 & 0xC0 != 0x80 }) > charactersLimit { node = nil }
    while position < word.count, let start = node {
      guard let (token, end) = longest(word, position, from: start) else { break }
      tokens.append(token)
      position = end
      node = PieceTrie.root
    }
    if position < word.count {
      tokens.removeLast(tokens.count - first)
      tokens.append(unknown)
    }
  }

  private func longest(
    _ word: UnsafeBufferPointer<UInt8>, _ start: Int, from node: UInt32
  ) -> (token: TokenID, end: Int)? {
    var node = node
    var position = start
    var found: (TokenID, Int)?
    while position < word.count, let child = trie.child(node, word[position]) {
      node = child
      position &+= 1
      if let token = trie.token(node) { found = (token, position) }
    }
    return found
  }
}
