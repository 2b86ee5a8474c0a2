/// The tokens that can stand in a text, as trees over their bytes in the order in which they are walked through: a node's
/// children come right after it, each followed by all below it.
public struct TokenTrie: Sendable {
  /// A node's byte, how deep it is, where the walk goes on if nothing below it is of interest, and its tokens' place.
  struct Node: Sendable {
    var byte: UInt8
    var depth: UInt16
    var end: Int32
    var firstToken: Int32
  }

  /// Some of the tokens.
  struct Tree: Sendable {
    /// Node 0 is the first byte of the first token; one more at the end.
    let nodes: [Node]
    /// Tokens in the order of their bytes. Those of a node's text come first among those below it.
    let tokens: [TokenID]
  }

  let all: Tree
  /// The tokens of more than ``GrammarAutomaton/likeBytes`` bytes.
  let long: Tree
  /// The bytes of each token of the vocabulary; nothing for those that no text holds.
  let starts: [Int32]
  let bytes: [UInt8]
  let endOfGeneration: [TokenID]
  /// The longest token.
  let longest: Int

  /// The number of tokens of the vocabulary.
  public var count: Int { starts.count - 1 }

  /// The tree of a vocabulary. Control tokens are in no text.
  public init(_ vocabulary: Vocabulary) {
    var starts: [Int32] = [0]
    var bytes: [UInt8] = []
    var sorted: [TokenID] = []
    var ends: [TokenID] = []
    for id in 0..<vocabulary.count {
      let token = TokenID(truncatingIfNeeded: id)
      if vocabulary.endsGeneration(token) { ends.append(token) }
      let type = try? vocabulary.type(of: token)
      if type != .control, type != .unknown, let piece = try? vocabulary.bytes(of: token), !piece.isEmpty,
        piece.count < 1 << 16
      {
        bytes += piece
        sorted.append(token)
      }
      starts.append(Int32(truncatingIfNeeded: bytes.count))
    }
    func text(_ token: TokenID) -> ArraySlice<UInt8> { bytes[Int(starts[Int(token)])..<Int(starts[Int(token) + 1])] }
    sorted.sort { a, b in
      let (first, second) = (text(a), text(b))
      return first.elementsEqual(second) ? a < b : first.lexicographicallyPrecedes(second)
    }
    self.starts = starts
    self.bytes = bytes
    all = Tree(sorted, text)
    long = Tree(sorted.filter { text($0).count > GrammarAutomaton.likeBytes }, text)
    endOfGeneration = ends
    longest = sorted.reduce(0) { max($0, text($1).count) }
  }

  /// The bytes of a token; nothing for one that no text holds, or outside the vocabulary.
  public func bytes(of token: TokenID) -> [UInt8] {
    guard token >= 0, Int(token) < count else { return [] }
    let (start, end) = place(of: token)
    return Array(bytes[start..<end])
  }

  /// Where the bytes of a token of the vocabulary begin and end.
  func place(of token: TokenID) -> (start: Int, end: Int) {
    (Int(starts[Int(token)]), Int(starts[Int(token) + 1]))
  }
}

extension TokenTrie.Tree {
  /// The tree of tokens in the order of their bytes.
  init(_ sorted: [TokenID], _ text: (TokenID) -> ArraySlice<UInt8>) {
    var nodes: [TokenTrie.Node] = []
    var open: [Int] = []
    var path: [UInt8] = []
    func close(to depth: Int) {
      while open.count > depth { nodes[open.removeLast()].end = Int32(truncatingIfNeeded: nodes.count) }
      path.removeLast(path.count - depth)
    }
    for (place, token) in sorted.enumerated() {
      let piece = Array(text(token))
      var shared = 0
      while shared < min(path.count, piece.count), path[shared] == piece[shared] { shared += 1 }
      close(to: shared)
      for byte in piece[shared...] {
        open.append(nodes.count)
        path.append(byte)
        nodes.append(
          TokenTrie.Node(
            byte: byte, depth: UInt16(truncatingIfNeeded: path.count - 1), end: 0,
            firstToken: Int32(truncatingIfNeeded: place)))
      }
    }
    close(to: 0)
    nodes.append(TokenTrie.Node(byte: 0, depth: 0, end: 0, firstToken: Int32(truncatingIfNeeded: sorted.count)))
    self.nodes = nodes
    tokens = sorted
  }
}
