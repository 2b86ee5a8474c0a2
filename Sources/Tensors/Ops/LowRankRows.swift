import NumericTypes

/// The low-rank changes of a network's weight matrices that belong together: an adapter, as steps read it.
public final class LowRankSet: Sendable {
  /// The changes by the matrices' numbers; nothing where a matrix stays as it is.
  public let sites: [LowRankMatrix?]
  /// The largest rank.
  let rank: Int

  /// A set of changes.
  public init(_ sites: [LowRankMatrix?]) {
    self.sites = sites
    rank = sites.reduce(0) { max($0, $1?.paddedRank ?? 0) }
  }
}

/// Which rows of a step see which adapter, and the scratch of ``Context/addLowRank(_:to:rows:of:)``; filled anew before
/// each step, so that a captured plan serves any adapters.
///
/// One thread uses it at a time.
public final class LowRankRows: @unchecked Sendable {
  /// Whose rows a product has: the step's, or those of them that get logits.
  public enum Part: Sendable { case all, logits }

  /// Neighbouring rows with one adapter.
  struct Block {
    var set: Int
    var first: Int
    var rows: Int
  }

  /// The most rows of a block, so that threads can share the rows of one adapter.
  static let blockRows = 32
  /// The output columns that are computed at once.
  static let columns = 512

  private(set) var sets: [LowRankSet] = []
  private var blocks: [Block] = []
  private var logitBlocks: [Block] = []
  private var counts = (all: 0, logits: 0)
  /// The widest A of the step.
  private(set) var rank = 0
  private(set) var scratch: UnsafeMutablePointer<Float>
  private var capacity = 1
  let tiles: UnsafeMutablePointer<Float>

  /// Rows for operators that run on as many workers.
  public init(workers: Int) {
    scratch = .allocate(capacity: capacity)
    tiles = .allocate(capacity: workers * Self.blockRows * Self.columns)
  }

  deinit {
    scratch.deallocate()
    tiles.deallocate()
  }

  /// The blocks of a part.
  func blocks(_ part: Part) -> [Block] { part == .all ? blocks : logitBlocks }

  /// Begins a step; what the last one had is forgotten.
  public func begin() {
    sets.removeAll(keepingCapacity: true)
    blocks.removeAll(keepingCapacity: true)
    logitBlocks.removeAll(keepingCapacity: true)
    counts = (0, 0)
    rank = 0
  }

  /// Adds the next rows of the step, of which the last `logits` get logits; nothing as the set where they have no adapter.
  public func append(_ set: LowRankSet?, rows: Int, logits: Int) {
    defer {
      counts.all += rows
      counts.logits += logits
    }
    guard let set else { return }
    rank = max(rank, set.rank)
    if sets.last !== set { sets.append(set) }
    Self.append(to: &blocks, set: sets.count - 1, first: counts.all, rows: rows)
    Self.append(to: &logitBlocks, set: sets.count - 1, first: counts.logits, rows: logits)
  }

  /// Ends the description of a step: takes the scratch of products with up to `parts` matrices.
  public func end(parts: Int) {
    let needed = parts * counts.all * rank
    guard needed > capacity else { return }
    scratch.deallocate()
    capacity = needed
    scratch = .allocate(capacity: needed)
  }

  /// The bytes of the scratch.
  public var bytes: Int { 4 * capacity }

  private static func append(to blocks: inout [Block], set: Int, first: Int, rows: Int) {
    var (first, rows) = (first, rows)
    while rows > 0 {
      // Rows of one adapter that follow each other are computed together.
      if let last = blocks.last, last.set == set, last.first + last.rows == first, last.rows < blockRows {
        let some = min(rows, blockRows - last.rows)
        blocks[blocks.count - 1].rows += some
        first += some
        rows -= some
      } else {
        let some = min(rows, blockRows)
        blocks.append(Block(set: set, first: first, rows: some))
        first += some
        rows -= some
      }
    }
  }
}
