extension MelangeSolver {
  enum Fit {
    /// Prices were found, and added to the pool, that even fractions of slices cannot pay.
    case refuted
    /// Whole slices fit so.
    case fits([[Int]])
    /// Fractions fit, whole slices do not.
    case doesNotFit
    /// The search for whole slices was given up.
    case unknown
  }

  /// Whether the slices fit on `counts` instances.
  mutating func fit(_ counts: [Int]) -> Fit {
    let room = counts.map { Double($0) * (1 + Self.tolerance) }
    var rounds = 0
    // The linear relaxation by its dual: prices that cost the most beyond what the counts pay, among those that no
    // pattern seen so far rules out; each round brings a pattern that does, prices that refute, or an end.
    while true {
      rounds += 1
      let (prices, shares) = dearest(room)
      let (least, pattern) = self.least(prices.values)
      let paid = zip(prices.values, room).reduce(0) { $0 + $1.0 * $1.1 }
      if least > paid * (1 + 1e-12) + 1e-12 {
        pool.append(Prices(values: prices.values, least: least))
        patterns.append(pattern)
        return .refuted
      }
      // No prices cost more than is paid: the patterns' shares are fractions that fit.
      if prices.least <= paid + 1e-10 {
        return whole(room, shares, prices.values)
      }
      // The pattern must be new, else the two sums differ by rounding alone.
      guard least < prices.least - 1e-9, rounds < 1000 else { return whole(room, shares, prices.values) }
      patterns.append(pattern)
    }
  }

  /// Prices λ, with Σ c λ at most one, that maximise what the patterns cost at least minus what `room` pays, and the
  /// shares of the patterns that belong to them.
  ///
  /// A linear program: max μ − room · λ with μ ≤ load_k · λ for every pattern k. At the origin all constraints hold, so the
  /// simplex method begins there. Prices that rounding kept from being the best refute no less what they refute.
  private func dearest(_ room: [Double]) -> (prices: Prices, shares: [Double]) {
    let rows = patterns.count + 1
    let columns = types + 1
    // Columns: λ, μ, the right side. A slack for each row is its basic variable at first.
    let width = columns + 1
    var table = [Double](repeating: 0, count: (rows + 1) * width)
    for (row, pattern) in patterns.enumerated() {
      for type in 0..<types { table[row * width + type] = -pattern.load[type] }
      table[row * width + types] = 1
      // No two right sides are equal, so that no two corners are one and every exchange gains.
      let turn = Double(row) * 0.618_033_988_749_895
      table[row * width + columns] = 1e-10 * (1 + turn - turn.rounded(.down))
    }
    for type in 0..<types { table[(rows - 1) * width + type] = prices[type] }
    table[(rows - 1) * width + columns] = 1
    // The last row holds the negative gains.
    for type in 0..<types { table[rows * width + type] = room[type] }
    table[rows * width + types] = -1
    // Names: 0… the unknowns, then the slacks.
    var outside = Array(0..<columns)
    var inside = Array(columns..<columns + rows)
    // Far more exchanges than there are corners to pass.
    for _ in 0..<2000 {
      // The steepest.
      var enter = -1
      for column in 0..<columns
      where table[rows * width + column] < (enter < 0 ? -1e-11 : table[rows * width + enter]) {
        enter = column
      }
      guard enter >= 0 else { break }
      var (leave, ratio) = (-1, Double.infinity)
      for row in 0..<rows where table[row * width + enter] > 1e-11 {
        let value = table[row * width + columns] / table[row * width + enter]
        if value < ratio { (leave, ratio) = (row, value) }
      }
      // λ is bounded by the last constraint and μ by the patterns.
      guard leave >= 0 else { break }
      let pivot = table[leave * width + enter]
      for column in 0..<width where column != enter { table[leave * width + column] /= pivot }
      table[leave * width + enter] = 1 / pivot
      for row in 0...rows where row != leave {
        let factor = table[row * width + enter]
        guard factor != 0 else { continue }
        for column in 0..<width where column != enter {
          table[row * width + column] -= factor * table[leave * width + column]
        }
        table[row * width + enter] = -factor / pivot
      }
      (outside[enter], inside[leave]) = (inside[leave], outside[enter])
    }
    var values = [Double](repeating: 0, count: columns)
    for row in 0..<rows where inside[row] < columns { values[inside[row]] = max(0, table[row * width + columns]) }
    var shares = [Double](repeating: 0, count: patterns.count)
    for column in 0..<columns where outside[column] >= columns && outside[column] - columns < patterns.count {
      shares[outside[column] - columns] = max(0, table[rows * width + column])
    }
    return (Prices(values: Array(values[0..<types]), least: values[types]), shares)
  }

  // MARK: Whole slices

  private mutating func whole(_ room: [Double], _ shares: [Double], _ direction: [Double]) -> Fit {
    var fractions = [[Double]](repeating: [Double](repeating: 0, count: types), count: loads.count)
    let sum = shares.reduce(0, +)
    for (pattern, share) in zip(patterns, shares) where share > 0 && sum > 0 {
      for (row, type) in pattern.types.enumerated() { fractions[row][type] += slices * share / sum }
    }
    // Patterns that cost nothing at the prices have no share; where there is none at all the cheapest pattern is as
    // good.
    if sum == 0 {
      for (row, type) in patterns[0].types.enumerated() { fractions[row][type] = slices }
    }
    if let found = rounded(fractions, room) { return .fits(found) }
    var sought = Sought(self, room, fractions, direction)
    let outcome = sought.run()
    steps += sought.steps
    return outcome
  }

  /// Whole slices near the fractions that fit, by moving single ones away from what is overloaded; `nil` where that
  /// ends in none.
  private func rounded(_ fractions: [[Double]], _ room: [Double]) -> [[Int]]? {
    var whole = fractions.map { $0.map { Int(($0 + 1e-9).rounded(.down)) } }
    var left = room
    for row in loads.indices {
      for type in 0..<types where whole[row][type] > 0 { left[type] -= Double(whole[row][type]) * loads[row][type] }
    }
    for row in loads.indices {
      var missing = service.slices - whole[row].reduce(0, +)
      while missing > 0 {
        // Where it fits best, the larger fraction first.
        let type = (0..<types).filter { loads[row][$0].isFinite }.max { a, b in
          let fitsA = left[a] >= loads[row][a]
          let fitsB = left[b] >= loads[row][b]
          if fitsA != fitsB { return fitsB }
          let (restA, restB) = (fractions[row][a] - Double(whole[row][a]), fractions[row][b] - Double(whole[row][b]))
          return restA < restB
        }
        guard let type else { return nil }
        whole[row][type] += 1
        left[type] -= loads[row][type]
        missing -= 1
      }
    }
    func excess(_ left: [Double]) -> Double { left.reduce(0) { $0 + max(0, -$1) } }
    var over = excess(left)
    for _ in 0..<400 where over > 0 {
      var found: (row: Int, from: Int, to: Int, over: Double)?
      for row in loads.indices {
        for from in 0..<types where whole[row][from] > 0 && left[from] < 0 {
          for to in 0..<types where to != from && loads[row][to].isFinite {
            var moved = left
            moved[from] += loads[row][from]
            moved[to] -= loads[row][to]
            let value = excess(moved)
            if value < found?.over ?? over - 1e-12 { found = (row, from, to, value) }
          }
        }
      }
      guard let found else { return nil }
      whole[found.row][found.from] -= 1
      whole[found.row][found.to] += 1
      left[found.from] += loads[found.row][found.from]
      left[found.to] -= loads[found.row][found.to]
      over = found.over
    }
    return over > 0 ? nil : whole
  }

  /// The search for whole slices, bucket after bucket; the prices say when what is left cannot fit.
  private struct Sought {
    let loads: [[Double]]
    let types: Int
    let slices: Int
    let limit: Int
    /// Prices, and what the buckets from each one on cost at least at them.
    let prices: [[Double]]
    let tails: [[Double]]
    /// Types of each bucket, those that the fractions prefer first.
    let preferred: [[Int]]
    var left: [Double]
    var whole: [[Int]]
    var steps = 0

    init(_ solver: MelangeSolver, _ room: [Double], _ fractions: [[Double]], _ direction: [Double]) {
      loads = solver.loads
      types = solver.types
      slices = solver.service.slices
      limit = solver.stepLimit
      // The latest refuted neighbours of these counts.
      prices = [direction, solver.prices] + solver.pool.suffix(24).map(\.values)
      let (rows, f, count) = (solver.loads, solver.slices, solver.types)
      tails = prices.map { values in
        var tail = [Double](repeating: 0, count: rows.count + 1)
        for row in rows.indices.reversed() {
          var price = Double.infinity
          for type in 0..<count where rows[row][type].isFinite { price = min(price, values[type] * rows[row][type]) }
          tail[row] = tail[row + 1] + f * price
        }
        return tail
      }
      preferred = rows.indices.map { row in
        (0..<count).filter { rows[row][$0].isFinite }.sorted {
          (fractions[row][$0], -direction[$0] * rows[row][$0]) > (fractions[row][$1], -direction[$1] * rows[row][$1])
        }
      }
      left = room
      whole = [[Int]](repeating: [Int](repeating: 0, count: types), count: rows.count)
    }

    mutating func run() -> Fit {
      if place(0, 0, slices) { return .fits(whole) }
      return steps >= limit ? .unknown : .doesNotFit
    }

    /// Places `rest` slices of a bucket on its types from `choice` on, then all later buckets.
    private mutating func place(_ row: Int, _ choice: Int, _ rest: Int) -> Bool {
      guard row < loads.count else { return true }
      steps += 1
      guard steps < limit else { return false }
      if choice == 0, !isOpen(row) { return false }
      let options = preferred[row]
      let type = options[choice]
      let most = min(rest, Int(min(Double(rest), (left[type] / loads[row][type]).rounded(.down))))
      // The last type must take what is left.
      let least = choice == options.count - 1 ? rest : 0
      guard most >= least else { return false }
      for count in stride(from: most, through: least, by: -1) {
        left[type] -= Double(count) * loads[row][type]
        whole[row][type] = count
        let found = count == rest ? place(row + 1, 0, slices) : place(row, choice + 1, rest - count)
        if found { return true }
        left[type] += Double(count) * loads[row][type]
        whole[row][type] = 0
        if steps >= limit { return false }
      }
      return false
    }

    /// Whether no prices forbid that the buckets from `row` on fit in what is left.
    private func isOpen(_ row: Int) -> Bool {
      for (values, tail) in zip(prices, tails) {
        var paid = 0.0
        for type in 0..<types { paid += values[type] * left[type] }
        if paid < tail[row] * (1 - 1e-9) { return false }
      }
      return true
    }
  }
}
