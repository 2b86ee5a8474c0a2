import Layers

/// What ended generations have computed, kept for those whose prompts begin alike, within a bound of bytes.
///
/// Snapshots share their memory with each other and with the generations that go on from them; each piece counts once. A
/// snapshot of a state that can be truncated serves every beginning of its tokens, so only the longest are kept; others
/// serve where all their tokens match. The least recently used go first. One thread uses a store.
struct PrefixStore {
  /// A beginning that need not be computed.
  struct Found {
    let snapshot: any StateSnapshot
    /// How many of the snapshot's tokens are shared.
    let count: Int
  }

  /// The most bytes; 0 keeps nothing.
  let limit: Int
  private let canTruncate: Bool
  private var tree = TokenTree<any StateSnapshot>()
  /// The nodes of the tree's values, the least recently used first.
  private var order: [TokenTree<any StateSnapshot>.ID] = []
  private var users: [ObjectIdentifier: Int] = [:]
  /// The bytes of the snapshots and of their tokens.
  private(set) var bytes = 0

  init(limit: Int, canTruncate: Bool) {
    self.limit = limit
    self.canTruncate = canTruncate
  }

  /// The number of snapshots.
  var count: Int { tree.count }

  /// Whether a piece of memory is the store's, alone or with others.
  func holds(_ block: StateBlock) -> Bool { users[block.id] != nil }

  /// The longest beginning of the first `most` tokens that is kept, and how many tokens some key shares with them.
  mutating func find(_ tokens: [Int32], most: Int) -> (found: Found?, shared: Int) {
    let match = tree.match(tokens, limit: most)
    guard let id = canTruncate ? match.below : match.whole, let snapshot = tree[id] else { return (nil, match.shared) }
    touch(id)
    return (Found(snapshot: snapshot, count: canTruncate ? match.shared : match.wholeCount), match.shared)
  }

  /// Keeps the state of `tokens`.
  ///
  /// - Precondition: `snapshot` has seen exactly `tokens`.
  mutating func insert(_ tokens: [Int32], _ snapshot: any StateSnapshot) {
    precondition(tokens.count == snapshot.tokens, "\(tokens.count) tokens for a state of \(snapshot.tokens)")
    if limit == 0 || tokens.isEmpty { return }
    let match = tree.match(tokens, limit: tokens.count)
    if match.shared == tokens.count, let known = canTruncate ? match.below : match.whole,
      canTruncate || match.wholeCount == tokens.count
    {
      touch(known)
      return
    }
    let id = tree.insert(tokens, snapshot)
    order.append(id)
    bytes += Self.keyBytes(snapshot)
    for block in snapshot.blocks {
      users[block.id, default: 0] += 1
      if users[block.id] == 1 { bytes += block.bytes }
    }
    if canTruncate { for shorter in tree.ancestors(of: id) { remove(shorter) } }
    while bytes > limit, evict() {}
  }

  /// Forgets the least recently used; `false` when there is nothing.
  mutating func evict() -> Bool {
    guard let oldest = order.first else { return false }
    remove(oldest)
    return true
  }

  private mutating func touch(_ id: TokenTree<any StateSnapshot>.ID) {
    guard order.last != id, let place = order.firstIndex(of: id) else { return }
    order.remove(at: place)
    order.append(id)
  }

  private mutating func remove(_ id: TokenTree<any StateSnapshot>.ID) {
    if let place = order.firstIndex(of: id) { order.remove(at: place) }
    guard let snapshot = tree.remove(id) else { return }
    bytes -= Self.keyBytes(snapshot)
    for block in snapshot.blocks {
      guard let count = users[block.id] else { continue }
      users[block.id] = count > 1 ? count - 1 : nil
      if count == 1 { bytes -= block.bytes }
    }
  }

  private static func keyBytes(_ snapshot: any StateSnapshot) -> Int {
    snapshot.tokens * MemoryLayout<Int32>.stride
  }
}
