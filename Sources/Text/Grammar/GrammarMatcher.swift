/// Follows one text through a grammar, token by token, and tells which tokens may come next. For one thread at a time.
///
/// Which tokens fit depends on the rules that are open on top of the stack and, only for tokens that leave them, on those
/// below. The former is found once by a walk through all tokens; the latter, few, are looked at for each stack; and the
/// result is kept for each state.
public final class GrammarMatcher {
  private let walk: GrammarWalk
  private let trie: TokenTrie
  private var state: GrammarWalk.State
  private let ends: [TokenID]

  /// What is known whatever lies below the open rules.
  private struct Local {
    var accepted: TokenMask
    /// Tokens that leave the open rules.
    var undecided: [TokenID]
  }

  private var locals: [GrammarWalk.State: Local] = [:]
  private var masks: [GrammarWalk.State: TokenMask] = [:]

  /// The most masks that are kept.
  private static let maskLimit = 1_024

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
  }

  /// Whether the text so far is whole.
  public var isAccepting: Bool { walk.isAccepting(state) }
  /// Whether the text is whole and nothing can come after it.
  public var isComplete: Bool { walk.isAccepting(state) && !walk.goesOn(state) }

  /// How many states of the grammar are remembered.
  public var stateCount: Int { walk.stateCount }

  /// Whether a token may come next; those that end a generation may where the text is whole.
  ///
  /// - Throws: ``TextError/grammarLimit(what:limit:)``.
  public func allows(_ token: TokenID) throws(TextError) -> Bool {
    guard token >= 0, Int(token) < trie.count else { return false }
    if let mask = masks[state] { return mask.contains(token) }
    walk.beginWork()
    if ends.contains(token) { return isAccepting }
    return try walk.isDead(after(token, from: state)) == false
  }

  private func after(_ token: TokenID, from state: GrammarWalk.State) throws(TextError) -> GrammarWalk.State {
    let text = trie.text(token)
    if text.isEmpty { return GrammarWalk.dead }
    var state = state
    for byte in text {
      state = try walk.next(state, byte)
      if state == GrammarWalk.dead { return state }
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
    if walk.isDead(next) { return false }
    state = next
    if walk.stateCount > GrammarWalk.setLimit {
      state = walk.forget(but: state)
      locals = [:]
      masks = [:]
    }
    return true
  }

  /// Which tokens may come next.
  ///
  /// - Throws: ``TextError/grammarLimit(what:limit:)``.
  public func mask() throws(TextError) -> TokenMask {
    if let known = masks[state] { return known }
    walk.beginWork()
    let local = try local(walk.local(state))
    var mask = local.accepted
    for token in local.undecided where try !walk.isDead(after(token, from: state)) { mask.insert(token) }
    if isAccepting { for token in ends { mask.insert(token) } }
    if masks.count >= Self.maskLimit { masks = [:] }
    masks[state] = mask
    return mask
  }

  private func local(_ state: GrammarWalk.State) throws(TextError) -> Local {
    if let known = locals[state] { return known }
    var local = Local(accepted: TokenMask(count: trie.count), undecided: [])
    var path = [GrammarWalk.State](repeating: state, count: trie.longest + 1)
    // Whether a beginning of the token may already have left the open rules.
    var hasLeft = [Bool](repeating: false, count: trie.longest + 1)
    var index = 0
    let count = trie.nodes.count - 1
    while index < count {
      let node = trie.nodes[index]
      let depth = Int(node.depth)
      let next = try walk.next(path[depth], node.byte)
      let first = Int(node.firstToken)
      if next != GrammarWalk.dead, walk.goesOn(next) || walk.isAccepting(next) {
        for place in first..<Int(trie.nodes[index + 1].firstToken) { local.accepted.insert(trie.tokens[place]) }
        path[depth + 1] = next
        hasLeft[depth + 1] = hasLeft[depth] || walk.hasEscaped(next)
        index += 1
      } else {
        // What lies below may do anything with the rest.
        if hasLeft[depth] || next != GrammarWalk.dead {
          local.undecided += trie.tokens[first..<Int(trie.nodes[Int(node.end)].firstToken)]
        }
        index = Int(node.end)
      }
    }
    if locals.count >= Self.maskLimit { locals = [:] }
    locals[state] = local
    return local
  }
}
