import Layers

/// What ended generations have computed, kept for those whose prompts begin alike, within a bound of bytes.
///
/// Snapshots share their memory with each other and with the generations that go on from them; each piece counts once. A
/// snapshot of a state that can be truncated serves every beginning of its tokens, so only the longest are kept; others
/// serve where all their tokens match. The least recently used go first. What was computed with an adapter serves those with
/// the same version of it only. One thread uses a store.
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
  private typealias Tree = TokenTree<any StateSnapshot>
  /// A snapshot's place: the version of its adapter, and its node in that one's tree.
  private struct Key: Equatable {
    var version: Int
    var id: Tree.ID
  }
  /// A tree for each version of an adapter, and one, 0, for the model as it is.
  private var trees: [Int: Tree] = [:]
  /// The places of the snapshots, the least recently used first.
  private var order: [Key] = []
  private var users: [ObjectIdentifier: Int] = [:]
  /// The bytes of the snapshots and of their tokens.
  private(set) var bytes = 0

  init(limit: Int, canTruncate: Bool) {
    self.limit = limit
    self.canTruncate = canTruncate
  }

  /// The number of snapshots.
  var count: Int { order.count }

  /// Whether a piece of memory is the store's, alone or with others.
  func holds(_ block: StateBlock) -> Bool { users[block.id] != nil }

  /// The longest beginning of the first `most` tokens that is kept, and how many tokens some key shares with them.
  mutating func find(_ tokens: [Int32], most: Int, version: Int = 0) -> (found: Found?, shared: Int) {
    guard let tree = trees[version] else { return (nil, 0) }
    let match = tree.match(tokens, limit: most)
    guard let id = canTruncate ? match.below : match.whole, let snapshot = tree[id] else { return (nil, match.shared) }
    touch(Key(version: version, id: id))
    return (Found(snapshot: snapshot, count: canTruncate ? match.shared : match.wholeCount), match.shared)
  }

  /// Keeps the state of `tokens`.
  ///
  /// - Precondition: `snapshot` has seen exactly `tokens`.
  mutating func insert(_ tokens: [Int32], _ snapshot: any StateSnapshot, version: Int = 0) {
    precondition(tokens.count == snapshot.tokens, "\(tokens.count) tokens for a state of \(snapshot.tokens)")
    if limit == 0 || tokens.isEmpty { return }
    // Out of the dictionary while it changes, so that it is not copied.
    var tree = trees.removeValue(forKey: version) ?? Tree()
    let match = tree.match(tokens, limit: tokens.count)
    if match.shared == tokens.count, let known = canTruncate ? match.below : match.whole,
      canTruncate || match.wholeCount == tokens.count
    {
      trees[version] = tree
      touch(Key(version: version, id: known))
      return
    }
    let id = tree.insert(tokens, snapshot)
    let shorter = canTruncate ? tree.ancestors(of: id) : []
    trees[version] = tree
    order.append(Key(version: version, id: id))
    bytes += Self.keyBytes(snapshot)
    for block in snapshot.blocks {
      users[block.id, default: 0] += 1
      if users[block.id] == 1 { bytes += block.bytes }
    }
    for id in shorter { remove(Key(version: version, id: id)) }
    while bytes > limit, evict() {}
  }

  /// Forgets the least recently used; `false` when there is nothing.
  mutating func evict() -> Bool {
    guard let oldest = order.first else { return false }
    remove(oldest)
    return true
  }

  private mutating func touch(_ key: Key) {
    guard order.last != key, let place = order.firstIndex(of: key) else { return }
    order.remove(at: place)
    order.append(key)
  }

  private mutating func remove(_ key: Key) {
    if let place = order.firstIndex(of: key) { order.remove(at: place) }
    guard let snapshot = trees[key.version]?.remove(key.id) else { return }
    if trees[key.version]?.count == 0 { trees[key.version] = nil }
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
