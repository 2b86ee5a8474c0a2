#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A schedule of attention as a program of an ``IOMachine``: it loads, computes and stores, and its output can be looked at.
public struct AttentionProgram {
  /// The sizes.
  public let io: AttentionIO
  /// The machine, as the program left it.
  public internal(set) var machine: IOMachine

  // Places in the slow memory: queries, keys, values, outputs, scores, and of each row its largest score and its sum.
  let (q, k, v, o, s, m, l): (Int, Int, Int, Int, Int, Int, Int)

  /// Runs `schedule`.
  ///
  /// - Parameters:
  ///   - io: the sizes.
  ///   - schedule: what to run.
  ///   - queries: G·N rows of d numbers, one after the other.
  ///   - keys: N rows.
  ///   - values: N rows.
  ///   - cacheLine: words of a line of a cache of M words that is to see the accesses; no cache where there are none.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for numbers that are not as many as the sizes say, blocks that do not fit, and a
  ///   program that does what the machine refuses.
  public init(
    _ io: AttentionIO, _ schedule: AttentionSchedule, queries: [Double], keys: [Double], values: [Double],
    cacheLine: Int? = nil
  ) throws(PlannerError) {
    let (rows, n, d) = (io.rows, io.tokens, io.width)
    guard queries.count == rows * d, keys.count == n * d, values.count == n * d else {
      throw .invalid(
        field: "queries",
        problem: "\(queries.count), \(keys.count) and \(values.count) numbers for \(rows), \(n) × \(d)")
    }
    _ = try io.words(schedule)
    guard Double(rows) * Double(n) <= 0x1p26 else {
      throw .invalid(field: "tokens", problem: "\(rows) × \(n) scores are too many to compute")
    }
    self.io = io
    (q, k, v, o) = (0, rows * d, (rows + n) * d, (rows + 2 * n) * d)
    s = (2 * rows + 2 * n) * d
    m = s + rows * n
    l = m + rows
    let rest = [Double](repeating: .nan, count: rows * d + rows * n + 2 * rows)
    machine = try IOMachine(capacity: io.memory, contents: queries + keys + values + rest)
    if let cacheLine {
      machine.cache = try LeastRecentlyUsed(words: io.memory, lineWords: cacheLine, addresses: l + rows)
    }
    switch schedule {
    case .naive: try naive()
    case .flash(let rows, let columns): try flash(rows, columns)
    case .keysOutermost(let rows, let columns): try keysOutermost(rows, columns)
    case .products(let scores, let values): try products(scores, values)
    }
  }

  /// The outputs in the slow memory, G·N rows of d numbers.
  public var output: [Double] { (try? machine.contents(o..<s)) ?? [] }

  // MARK: Steps

  /// Parts of `count` of `size` each; the last may be smaller.
  func parts(_ count: Int, _ size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  /// The addresses of rows of a matrix of `columns` columns.
  func block(_ base: Int, _ rows: Range<Int>, _ columns: Int) -> Range<Int> {
    base + rows.lowerBound * columns..<base + rows.upperBound * columns
  }

  /// Σ over `count` of a[x + i·dx] · b[y + i·dy].
  mutating func dot(_ x: Int, _ dx: Int, _ y: Int, _ dy: Int, _ count: Int) throws(PlannerError) -> Double {
    var sum = 0.0
    for i in 0..<count { sum += try machine.read(x + i * dx) * machine.read(y + i * dy) }
    return sum
  }

  private mutating func naive() throws(PlannerError) {
    let (n, d) = (io.tokens, io.width)
    for row in 0..<io.rows {
      let (query, largest, sum) = (block(q, row..<row + 1, d), m + row..<m + row + 1, l + row..<l + row + 1)
      try machine.load(query)
      for key in 0..<n {
        let (keys, score) = (block(k, key..<key + 1, d), s + row * n + key)
        try machine.load(keys)
        try machine.allocate(score..<score + 1)
        try machine.write(score, try dot(query.lowerBound, 1, keys.lowerBound, 1, d))
        try machine.store(score..<score + 1)
        try machine.free(score..<score + 1)
        try machine.free(keys)
      }
      try machine.free(query)
      try machine.allocate(largest)
      try machine.allocate(sum)
      try softmax(row, storesSum: false)
      try machine.free(largest)
      let output = block(o, row..<row + 1, d)
      try machine.allocate(output)
      for address in output { try machine.write(address, 0) }
      for key in 0..<n {
        let (values, weight) = (block(v, key..<key + 1, d), s + row * n + key)
        try machine.load(values)
        try machine.load(weight..<weight + 1)
        try accumulate(output.lowerBound, weight, values.lowerBound, d)
        try machine.free(weight..<weight + 1)
        try machine.free(values)
      }
      try divide(output, by: sum.lowerBound)
      try machine.free(sum)
      try machine.store(output)
      try machine.free(output)
    }
  }

  /// Turns a stored row of scores into exponentials and their sum: room for the largest and the sum is there.
  mutating func softmax(_ row: Int, storesSum: Bool) throws(PlannerError) {
    let n = io.tokens
    try machine.write(m + row, -.infinity)
    try machine.write(l + row, 0)
    for score in s + row * n..<s + (row + 1) * n {
      try machine.load(score..<score + 1)
      try machine.write(m + row, max(try machine.read(m + row), try machine.read(score)))
      try machine.free(score..<score + 1)
    }
    for score in s + row * n..<s + (row + 1) * n {
      try machine.load(score..<score + 1)
      let weight = exp(try machine.read(score) - machine.read(m + row))
      try machine.write(score, weight)
      try machine.write(l + row, try machine.read(l + row) + weight)
      try machine.store(score..<score + 1)
      try machine.free(score..<score + 1)
    }
    if storesSum { try machine.store(l + row..<l + row + 1) }
  }

  /// output += weight · values.
  mutating func accumulate(_ output: Int, _ weight: Int, _ values: Int, _ count: Int) throws(PlannerError) {
    for i in 0..<count {
      let sum = try machine.read(output + i) + machine.read(weight) * machine.read(values + i)
      try machine.write(output + i, sum)
    }
  }

  mutating func divide(_ range: Range<Int>, by address: Int) throws(PlannerError) {
    for output in range { try machine.write(output, try machine.read(output) / machine.read(address)) }
  }
}
