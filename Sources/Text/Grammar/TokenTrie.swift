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
    self.starts = starts
    self.bytes = bytes
    let ordered = Self.ordered(sorted, starts, bytes)
    all = Tree(ordered, starts, bytes)
    long = Tree(
      ordered.filter { Int(starts[Int($0) + 1] - starts[Int($0)]) > GrammarAutomaton.likeBytes }, starts, bytes)
    endOfGeneration = ends
    longest = sorted.reduce(0) { max($0, Int(starts[Int($1) + 1] - starts[Int($1)])) }
  }

  /// Tokens in the order of their bytes, those with the same ones by number.
  private static func ordered(_ tokens: [TokenID], _ starts: [Int32], _ bytes: [UInt8]) -> [TokenID] {
    func text(_ token: TokenID) -> ArraySlice<UInt8> { bytes[Int(starts[Int(token)])..<Int(starts[Int(token) + 1])] }
    // Most are told apart by their first eight bytes.
    let keys = tokens.map { token in
      let text = text(token)
      let first = text.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return (first: first << UInt64(8 * (8 - min(8, text.count))), token: token)
    }
    return keys.sorted { a, b in
      if a.first != b.first { return a.first < b.first }
      let (first, second) = (text(a.token), text(b.token))
      return first.elementsEqual(second) ? a.token < b.token : first.lexicographicallyPrecedes(second)
    }
    .map(\.token)
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
  /// The tree of tokens in the order of their bytes, of which token t has those from `starts[t]` to `starts[t + 1]`.
  init(_ sorted: [TokenID], _ starts: [Int32], _ bytes: [UInt8]) {
    var nodes: [TokenTrie.Node] = []
    var open: [Int] = []
    func close(to depth: Int) {
      while open.count > depth { nodes[open.removeLast()].end = Int32(truncatingIfNeeded: nodes.count) }
    }
    // Where the bytes of the token before begin, all of whose nodes are open.
    var before = 0
    for (place, token) in sorted.enumerated() {
      let (start, end) = (Int(starts[Int(token)]), Int(starts[Int(token) + 1]))
      var shared = 0
      while shared < min(open.count, end - start), bytes[before + shared] == bytes[start + shared] { shared += 1 }
      close(to: shared)
      for index in start + shared..<end {
        let depth = UInt16(truncatingIfNeeded: open.count)
        open.append(nodes.count)
        nodes.append(
          TokenTrie.Node(byte: bytes[index], depth: depth, end: 0, firstToken: Int32(truncatingIfNeeded: place)))
      }
      before = start
    }
    close(to: 0)
    nodes.append(TokenTrie.Node(byte: 0, depth: 0, end: 0, firstToken: Int32(truncatingIfNeeded: sorted.count)))
    self.nodes = nodes
    tokens = sorted
  }
}
