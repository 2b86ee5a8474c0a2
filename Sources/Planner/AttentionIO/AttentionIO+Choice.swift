extension AttentionIO {
  /// The schedule of fewest words, flash or products, with its blocks, by search over whole numbers.
  public func bestSchedule() -> AttentionSchedule {
    let products = bestProducts()
    guard let flash = bestFlash(), let words = try? words(flash), let others = try? self.words(products) else {
      return products
    }
    return words <= others ? flash : products
  }

  /// The fewest words with queries outermost: as few passes over the keys as can be, then as many keys at a time as fit; nothing
  /// where the memory does not hold a query, a key and their outputs.
  public func bestFlash() -> AttentionSchedule? {
    // One key at a time leaves the most for queries.
    let most = min(rows, (memory - 2 * width) / (2 * width + 3))
    guard most >= 1 else { return nil }
    let fewest = Self.blocks(rows, Self.blocks(rows, most))
    return .flash(rows: fewest, columns: min(tokens, (memory - 2 * fewest * (width + 1)) / (2 * width + fewest)))
  }

  /// The same with keys outermost.
  public func bestKeysOutermost() -> AttentionSchedule? {
    let most = min(tokens, (memory - 2 * width - 2) / (2 * width + 1))
    guard most >= 1 else { return nil }
    let fewest = Self.blocks(tokens, Self.blocks(tokens, most))
    return .keysOutermost(
      rows: min(rows, (memory - 2 * fewest * width) / (2 * width + 2 + fewest)), columns: fewest)
  }

  /// Square tiles of three matrices at a time, t = ⌊√(M/3)⌋.
  public func squareProducts() -> AttentionSchedule {
    var side = 1
    while side < 1 << 20, 3 * (side + 1) * (side + 1) <= memory { side += 1 }
    let tile = AttentionSchedule.ProductTile(rows: side, columns: side, depth: side)
    return .products(scores: tile, values: tile)
  }

  /// The fewest words by products: tiles of any shape that stay while single columns and rows pass.
  public func bestProducts() -> AttentionSchedule {
    let scores = bestTile(rows: rows, columns: tokens, across: width * rows, down: width * tokens)
    let values = bestTile(rows: rows, columns: width, across: (tokens + 1) * rows, down: tokens * width)
    return .products(scores: scores, values: values)
  }

  /// The tile of fewest words across·⌈columns/b⌉ + down·⌈rows/a⌉ with a·b + a + b ≤ M; of equal ones the one of fewest rows.
  private func bestTile(rows: Int, columns: Int, across: Int, down: Int) -> AttentionSchedule.ProductTile {
    var best = (words: Int.max, tile: AttentionSchedule.ProductTile(rows: 1, columns: 1))
    for a in 1...min(rows, (memory - 1) / 2) {
      let b = min(columns, (memory + 1) / (a + 1) - 1)
      let words = across * Self.blocks(columns, b) + down * Self.blocks(rows, a)
      if words < best.words { best = (words, AttentionSchedule.ProductTile(rows: a, columns: b)) }
    }
    return best.tile
  }

  /// A memory and the way to what lies beyond it.
  public struct Level: Sendable, Hashable {
    /// Words that it holds.
    public var words: Int
    /// Bytes a second from and to the next.
    public var bandwidth: Double

    /// A level.
    public init(words: Int, bandwidth: Double) {
      self.words = words
      self.bandwidth = bandwidth
    }
  }

  /// Seconds of attention where every level has the schedule that is best for it: the slowest of all ways and of arithmetic.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a level that is none, and rates that are not above zero.
  public func seconds(
    levels: [Level], wordBytes: Double, operationsPerSecond: Double
  ) throws(PlannerError) -> Double {
    for (field, value) in [("wordBytes", wordBytes), ("operationsPerSecond", operationsPerSecond)]
    where !(value > 0 && value <= 1e24) {
      throw .invalid(field: field, problem: "\(value) lies outside 0…10²⁴")
    }
    var slowest = operations / operationsPerSecond
    for level in levels {
      guard level.bandwidth > 0, level.bandwidth.isFinite else {
        throw .invalid(field: "bandwidth", problem: "\(level.bandwidth) B/s is not above zero")
      }
      let own = try AttentionIO(tokens: tokens, width: width, memory: level.words, group: group)
      slowest = max(slowest, Double(try own.words(own.bestSchedule())) * wordBytes / level.bandwidth)
    }
    return slowest
  }
}
