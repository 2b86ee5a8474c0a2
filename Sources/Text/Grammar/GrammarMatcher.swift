/// Follows one text through a grammar, token by token, and tells which tokens may come next. For one thread at a time.
///
/// Which tokens fit depends on the rules that are open on top of the stack and, only for tokens that leave them, on those
/// below. The former is found once by a walk through all tokens; the latter, few, are looked at for each stack. Both are
/// kept for each state, and one state stands for all that are alike for as many bytes as most tokens have, such as those
/// in the middle of a counted repetition; the few longer tokens are looked at for each.
public final class GrammarMatcher {
  private let walk: GrammarWalk
  private let trie: TokenTrie
  private var state: GrammarState
  private let ends: [TokenID]

  /// What is known whatever lies below the open rules.
  private struct Local {
    var accepted: TokenMask
    /// Tokens that leave the open rules.
    var undecided: [TokenID]
  }

  /// A state's tokens.
  private struct Known {
    let mask: TokenMask
    /// Whether they are few.
    let isNarrow: Bool
  }

  private var locals: GrammarCache<Local>
  private var masks: GrammarCache<Known>

  /// The most bytes of masks, and of what they are made from, that are kept.
  private static let cacheBytes = 8 << 20

  /// A matcher at the start of a text.
  ///
  /// - Parameters:
  ///   - grammar: what the text must be.
  ///   - trie: the vocabulary's tokens.
  ///   - allowsEnd: whether tokens that end a generation may come where the text is whole.
  /// - Throws: ``TextError/grammarLimit(what:limit:)``.
  public init(_ grammar: Grammar, _ trie: TokenTrie, allowsEnd: Bool = true) throws(TextError) {
    walk = GrammarWalk(grammar.automaton)
    self.trie = trie
    ends = allowsEnd ? trie.endOfGeneration : []
    state = try walk.start()
    locals = GrammarCache(limit: Self.cacheBytes)
    masks = GrammarCache(limit: Self.cacheBytes)
  }

  /// Whether the text so far is whole.
  public var isAccepting: Bool { state.isAccepting }
  /// Whether the text is whole and nothing can come after it.
  public var isComplete: Bool { state.isAccepting && !state.goesOn }

  /// How many states of the grammar are remembered.
  public var stateCount: Int { walk.stateCount }

  /// Whether a token may come next; those that end a generation may where the text is whole.
  ///
  /// - Throws: ``TextError/grammarLimit(what:limit:)``.
  public func allows(_ token: TokenID) throws(TextError) -> Bool {
    walk.beginWork()
    return try isAllowed(token)
  }

  /// The places in `tokens` of the first `count` that may come next, or of all if there are fewer; nil once more than
  /// `refusals` may not.
  ///
  /// - Throws: ``TextError/grammarLimit(what:limit:)``.
  public func firstAllowed(_ count: Int, of tokens: [TokenID], refusals: Int) throws(TextError) -> [Int]? {
    walk.beginWork()
    var found: [Int] = []
    for place in tokens.indices where found.count < count {
      if try isAllowed(tokens[place]) {
        found.append(place)
      } else if place - found.count >= refusals {
        return nil
      }
    }
    return found
  }

  private func isAllowed(_ token: TokenID) throws(TextError) -> Bool {
    guard token >= 0, Int(token) < trie.count else { return false }
    if ends.contains(token) { return isAccepting }
    return try after(token, from: state) != .dead
  }

  private func after(_ token: TokenID, from state: GrammarState) throws(TextError) -> GrammarState {
    let (start, end) = trie.place(of: token)
    if start == end { return .dead }
    var state = state
    for index in start..<end {
      state = try walk.next(state, trie.bytes[index])
      if state == .dead { return state }
    }
    return state
  }

  /// Goes on with a token; false, staying where it is, if it may not come. A token that ends a generation changes nothing.
  ///
  /// - Throws: ``TextError/grammarLimit(what:limit:)``.
  public func advance(_ token: TokenID) throws(TextError) -> Bool {
    guard token >= 0, Int(token) < trie.count else { return false }
    if ends.contains(token) { return isAccepting }
    walk.beginWork()
    let next = try after(token, from: state)
    if next == .dead { return false }
    state = next
    if walk.isFull {
      state = try walk.forget(but: state)
      locals.removeAll()
      masks.removeAll()
    }
    return true
  }

  /// Which tokens may come next, if that is at hand and they are at most one in eight of all: then asking about the
  /// likeliest ones does not tell much.
  ///
  /// - Throws: ``TextError/grammarLimit(what:limit:)``.
  public func narrowMask() throws(TextError) -> TokenMask? {
    walk.beginWork()
    let like = try walk.like(state)
    guard let known = masks[like], known.isNarrow else { return nil }
    return try exact(known.mask, of: like)
  }

  private static let narrowShare = 8

  /// Which tokens may come next.
  ///
  /// - Throws: ``TextError/grammarLimit(what:limit:)``.
  public func mask() throws(TextError) -> TokenMask {
    walk.beginWork()
    let like = try walk.like(state)
    return try exact(try mask(of: like), of: like)
  }

  /// The mask of a state that is like this one, with what differs for long tokens.
  private func exact(_ mask: TokenMask, of like: GrammarState) throws(TextError) -> TokenMask {
    if like == state { return mask }
    var mask = mask
    for token in trie.long.tokens { mask.set(token, false) }
    try follow(trie.long, from: state) { token, isAllowed in if isAllowed { mask.set(token, true) } }
    return mask
  }

  private func mask(of state: GrammarState) throws(TextError) -> TokenMask {
    if let known = masks[state] { return known.mask }
    let local = try local(state)
    var mask = local.accepted
    for token in local.undecided where try after(token, from: state) != .dead { mask.set(token, true) }
    if state.isAccepting { for token in ends { mask.set(token, true) } }
    let known = Known(mask: mask, isNarrow: mask.tokenCount <= trie.count / Self.narrowShare)
    masks.insert(known, for: state, bytes: mask.byteCount)
    return mask
  }

  /// What is known of a state's tokens by its topmost open rules: no more than it takes to decide most.
  private func local(_ state: GrammarState) throws(TextError) -> Local {
    var kept = 0
    while true {
      let top = try walk.local(state, keeping: kept)
      if let known = locals[top] { return known }
      let local = try allTokens(from: top)
      // A rule of one character, say, is left by nearly all.
      if local.undecided.count <= trie.count / 16 || top == state || kept == 8 {
        locals.insert(local, for: top, bytes: local.accepted.byteCount + 4 * local.undecided.count)
        return local
      }
      kept += 1
    }
  }

  /// A walk through all tokens.
  private func allTokens(from state: GrammarState) throws(TextError) -> Local {
    var local = Local(accepted: TokenMask(count: trie.count), undecided: [])
    try follow(trie.all, from: state) { token, isAllowed in
      if isAllowed { local.accepted.set(token, true) } else { local.undecided.append(token) }
    }
    return local
  }

  /// Walks through a tree of tokens, and tells of those that may come and of those that leave the open rules, which may or
  /// may not.
  @inline(__always)
  private func follow(
    _ tree: TokenTrie.Tree, from state: GrammarState, _ body: (TokenID, _ isAllowed: Bool) -> Void
  ) throws(TextError) {
    var path = [GrammarState](repeating: state, count: trie.longest + 1)
    // Whether a beginning of the token may already have left the open rules.
    var hasLeft = [Bool](repeating: false, count: trie.longest + 1)
    var index = 0
    let count = tree.nodes.count - 1
    while index < count {
      let node = tree.nodes[index]
      let depth = Int(node.depth)
      let next = try walk.next(path[depth], node.byte)
      let first = Int(node.firstToken)
      if next.goesOn || next.isAccepting {
        for place in first..<Int(tree.nodes[index + 1].firstToken) { body(tree.tokens[place], true) }
        path[depth + 1] = next
        hasLeft[depth + 1] = hasLeft[depth] || next.hasEscaped
        index += 1
      } else {
        // What lies below may do anything with the rest.
        if hasLeft[depth] || next != .dead {
          for place in first..<Int(tree.nodes[Int(node.end)].firstToken) { body(tree.tokens[place], false) }
        }
        index = Int(node.end)
      }
    }
  }
}
