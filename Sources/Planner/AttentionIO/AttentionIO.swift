// The I/O Complexity of Attention, or How Optimal is Flash Attention? (2024), https://arxiv.org/abs/2402.07443: how many words any
// schedule must move between a small fast memory and a large slow one, and how many each schedule moves.

/// Attention of `rows` queries to `tokens` keys of one head beside a fast memory of so many words; words of loads and stores are
/// counted exactly.
///
/// Queries of a group of heads that share keys are rows like others: G·N of them.
public struct AttentionIO: Sendable, Hashable {
  /// Keys and values N.
  public let tokens: Int
  /// The width d of a key.
  public let width: Int
  /// Words of the fast memory, M.
  public let memory: Int
  /// Heads G that share keys and values.
  public let group: Int

  /// Attention beside a fast memory.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for sizes below one or too large to count with, and a memory below three words:
  ///   a product needs two factors and their sum.
  public init(tokens: Int, width: Int, memory: Int, group: Int = 1) throws(PlannerError) {
    for (field, value, least, most) in [
      ("tokens", tokens, 1, 1 << 20), ("width", width, 1, 1 << 14), ("memory", memory, 3, 1 << 40),
      ("group", group, 1, 1 << 10),
    ] where !(least...most).contains(value) {
      throw .invalid(field: field, problem: "\(value) lies outside \(least)…\(most)")
    }
    guard group <= (1 << 22) / tokens, Double(tokens) * Double(tokens) * Double(group) * Double(width) < 0x1p56 else {
      throw .invalid(field: "tokens", problem: "\(tokens) of \(group) × \(width) are more words than can be counted")
    }
    self.tokens = tokens
    self.width = width
    self.memory = memory
    self.group = group
  }

  /// Queries, G·N.
  public var rows: Int { tokens * group }
  /// Operations: two products of two for each pair and number.
  public var operations: Double { 4 * Double(rows) * Double(tokens) * Double(width) }

  /// Words that every schedule moves, but for a constant factor: N²d²/M where M ≥ d², N²d/√M below, and what is read and written at
  /// least, which is exact. A faster product of matrices changes neither.
  public var bound: Double {
    let (pairs, d, m) = (Double(rows) * Double(tokens), Double(width), Double(memory))
    let moved = m >= d * d ? pairs * d * d / m : pairs * d / m.squareRoot()
    return max(moved, least)
  }

  /// Words of the queries, keys, values and outputs.
  public var least: Double { 2 * Double(rows) * Double(width) + 2 * Double(tokens) * Double(width) }

  /// Words that `schedule` has in fast memory at the most.
  public func residency(_ schedule: AttentionSchedule) -> Int {
    let (d, n) = (width, tokens)
    switch schedule {
    case .naive: return 2 * d + 2
    case .flash(let rows, let columns), .keysOutermost(let rows, let columns):
      let (r, c) = (min(rows, self.rows), min(columns, n))
      return 2 * r * d + 2 * c * d + r * c + 2 * r
    case .products(let scores, let values):
      // The pass over rows has an element, its row's largest and its row's sum.
      return max(
        scores.residency(rows: self.rows, columns: n, depth: d),
        values.residency(rows: self.rows, columns: d, depth: n), 3)
    }
  }

  /// Words that `schedule` loads and stores.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for blocks below one, and those that the memory does not hold.
  public func words(_ schedule: AttentionSchedule) throws(PlannerError) -> Int {
    guard schedule.isValid else { throw .invalid(field: "schedule", problem: "\(schedule) has blocks of nothing") }
    let need = residency(schedule)
    guard need <= memory else {
      throw .invalid(field: "schedule", problem: "\(schedule) needs \(need) words of \(memory)")
    }
    let (r, n, d) = (rows, tokens, width)
    switch schedule {
    case .naive: return r * (2 * d + 2 * n * d + 5 * n)
    case .flash(let rows, _): return 2 * r * d + Self.blocks(r, rows) * 2 * n * d
    case .keysOutermost(_, let columns):
      let passes = Self.blocks(n, columns)
      // Outputs and two statistics of each row go out and come back between passes.
      return 2 * n * d + passes * r * d + (passes - 1) * 2 * (r * d + 2 * r) + r * d
    case .products(let scores, let values):
      let across = Self.blocks(d, values.columns)
      let first = d * (r * Self.blocks(n, scores.columns) + n * Self.blocks(r, scores.rows)) + r * n
      let pass = r * (3 * n + 1)
      return first + pass + n * (r * across + d * Self.blocks(r, values.rows)) + r * across + r * d
    }
  }

  /// Words of the backward pass that has keys outermost: Δ first, then for each block of keys all queries, gradients of outputs, two
  /// statistics and gradients of queries. Whether fewer would do is not known here.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a memory that does not hold one row and one key.
  public func backwardWords() throws(PlannerError) -> Int {
    // One row at a time leaves the most for keys: K, V and both gradients, three rows, two tiles, two statistics.
    let columns = min(tokens, (memory - 3 * width - 2) / (4 * width + 2))
    guard columns >= 1 else {
      throw .invalid(field: "memory", problem: "\(memory) words do not hold a row and a key with their gradients")
    }
    let (r, n, d) = (rows, tokens, width)
    let passes = Self.blocks(n, columns)
    return 2 * r * d + r + 4 * n * d + passes * (2 * r * d + 2 * r) + (2 * passes - 1) * r * d
  }

  static func blocks(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }
}
