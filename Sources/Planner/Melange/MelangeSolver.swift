/// Finds the cheapest allocation, exactly.
///
/// The unknowns that cost are the counts y of a few types; slices only have to fit. So the search is over y, and a y is
/// refuted by prices: for any prices λ ≥ 0 of a type's load, slices cost at least
///
///     g(λ) = Σ_s f · min_t λ_t · load(s, t),
///
/// and a y with Σ λ_t · y_t < g(λ) has no room for them (the dual of the assignment's linear relaxation; with λ = c it
/// is the bound on the cost). Prices that refuted one y refute most of its neighbours too, by one product of T numbers.
/// A y that no prices refute fits with fractions of slices; then whole slices are sought, by rounding and, where that
/// fails, by a search that the same prices bound.
struct MelangeSolver {
  /// How much more than its instances a type may be loaded, for rounding.
  static let tolerance = 1e-9

  /// Prices of a unit of load on each type, and what all slices cost at least at them.
  struct Prices {
    var values: [Double]
    var least: Double
  }

  /// All slices of each bucket on one type, and the load that gives.
  struct Pattern {
    var types: [Int]
    var load: [Double]
  }

  let service: MelangeService
  /// Buckets with requests, and the load of one slice of each on each type.
  let buckets: [Int]
  let loads: [[Double]]
  let types: Int
  let slices: Double
  let prices: [Double]
  /// Types from the dearest to the cheapest: the search fixes them in this order.
  let order: [Int]
  /// Counts that each type may have.
  let ranges: [ClosedRange<Int>]
  let stepLimit: Int
  let isLate: () -> Bool

  var pool: [Prices] = []
  var patterns: [Pattern] = []
  var best: (counts: [Int], cost: Double, slices: [[Int]])?
  /// The cheapest y of which it is not known whether whole slices fit.
  var unresolved = Double.infinity
  var nodes = 0
  var steps = 0
  var stopped = false

  init(_ service: MelangeService, stepLimit: Int, isLate: @escaping () -> Bool) {
    self.service = service
    self.stepLimit = stepLimit
    self.isLate = isLate
    let used = service.rates.indices.filter { service.rates[$0] > 0 }
    let types = service.types.indices
    // The largest first: what is small fits beside them.
    let table = used.map { bucket in types.map { service.load(bucket, $0) } }
    let places = used.indices.sorted { (table[$0].min() ?? 0, $1) > (table[$1].min() ?? 0, $0) }
    buckets = places.map { used[$0] }
    loads = places.map { table[$0] }
    self.types = types.count
    slices = Double(service.slices)
    prices = service.types.map(\.price)
    let price = prices
    order = types.sorted { (price[$0], $1) > (price[$1], $0) }
    let (rows, f) = (loads, slices)
    ranges = types.map { type in
      let all = rows.reduce(0.0) { $1[type].isFinite ? $0 + f * $1[type] : $0 }
      let most = min(service.types[type].most ?? 1 << 20, Int(min(all.rounded(.up), 0x1p20)))
      return service.types[type].least...max(service.types[type].least, most)
    }
  }

  mutating func solve() throws(PlannerError) -> MelangeAllocation {
    addPrices(prices)
    try addSimpleAllocations()
    let bound = max(pool[0].least, zip(ranges, prices).reduce(0) { $0 + Double($1.0.lowerBound) * $1.1 })
    var counts = ranges.map(\.lowerBound)
    try search(0, &counts, 0)
    guard let best else {
      throw .invalid(
        field: "gpu_info",
        problem: stopped ? "no allocation was found in time" : "there are too few instances for the load")
    }
    var assigned = [[Int]](repeating: [Int](repeating: 0, count: types), count: service.rates.count)
    var total = [Double](repeating: 0, count: types)
    for (row, bucket) in buckets.enumerated() {
      assigned[bucket] = best.slices[row]
      for type in 0..<types where best.slices[row][type] > 0 {
        total[type] += Double(best.slices[row][type]) * loads[row][type]
      }
    }
    return MelangeAllocation(
      counts: best.counts, cost: best.cost, bound: stopped ? min(bound, best.cost) : min(best.cost, unresolved),
      slices: assigned, loads: total, nodes: nodes, steps: steps)
  }

  /// Whether a cost is lower than the best by more than rounding.
  private func isBetter(_ cost: Double) -> Bool {
    guard let best else { return true }
    return cost < best.cost - 1e-9 * max(1, best.cost)
  }

  private func cost(_ counts: [Int]) -> Double {
    zip(counts, prices).reduce(0) { $0 + Double($1.0) * $1.1 }
  }

  // MARK: Prices

  /// What all slices cost at least at `values`, on which types, and the load that gives.
  func least(_ values: [Double]) -> (least: Double, pattern: Pattern) {
    var pattern = Pattern(types: [], load: [Double](repeating: 0, count: types))
    pattern.types.reserveCapacity(loads.count)
    var sum = 0.0
    for row in loads {
      var (found, price) = (-1, Double.infinity)
      for type in 0..<types where row[type].isFinite {
        let value = values[type] * row[type]
        // Of types that cost nothing the least loaded.
        if found < 0 || value < price || (value == price && row[type] < row[found]) { (found, price) = (type, value) }
      }
      pattern.types.append(found)
      pattern.load[found] += slices * row[found]
      sum += slices * price
    }
    return (sum, pattern)
  }

  mutating func addPrices(_ values: [Double]) {
    let (sum, pattern) = self.least(values)
    pool.append(Prices(values: values, least: sum))
    patterns.append(pattern)
  }

  /// Allocations that need no search: every bucket where it is cheapest, and every type alone.
  private mutating func addSimpleAllocations() throws(PlannerError) {
    for type in -1..<types {
      let rows = loads.indices.map { type < 0 ? patterns[0].types[$0] : type }
      guard zip(rows, loads).allSatisfy({ $1[$0].isFinite }) else { continue }
      var load = [Double](repeating: 0, count: types)
      for (row, type) in rows.enumerated() { load[type] += slices * loads[row][type] }
      let counts = (0..<types).map { max(ranges[$0].lowerBound, Int((load[$0] * (1 - Self.tolerance)).rounded(.up))) }
      guard zip(counts, ranges).allSatisfy({ $0 <= $1.upperBound }), isBetter(cost(counts)) else { continue }
      let whole = rows.map { type in (0..<types).map { $0 == type ? service.slices : 0 } }
      best = (counts, cost(counts), whole)
    }
  }

  // MARK: Counts

  /// Fixes the type `order[depth]`, nearest to its load in the relaxation first.
  private mutating func search(_ depth: Int, _ counts: inout [Int], _ spent: Double) throws(PlannerError) {
    let type = order[depth]
    let range = ranges[type]
    if depth == types - 1 { return try searchLast(type, &counts, spent) }
    let middle = min(max(Int(patterns[0].load[type].rounded()), range.lowerBound), range.upperBound)
    // 0, +1, −1, +2 …
    var (up, down) = (middle, middle - 1)
    while up <= range.upperBound || down >= range.lowerBound {
      for count in [up, down] where range.contains(count) {
        if stopped { return }
        counts[type] = count
        let cost = spent + Double(count) * prices[type]
        guard isBetter(cost), isBetter(cost + rest(depth + 1, counts)) else { continue }
        try search(depth + 1, &counts, cost)
      }
      up += 1
      down -= 1
      // Where even this many cost too much, more do too.
      if !isBetter(spent + Double(up) * prices[type]) { up = range.upperBound + 1 }
    }
    counts[type] = range.lowerBound
  }

  /// What the types from `depth` on must cost at least, by the pool.
  private func rest(_ depth: Int, _ counts: [Int]) -> Double {
    var most = 0.0
    for entry in pool {
      var need = entry.least * (1 - Self.tolerance)
      for place in 0..<depth { need -= entry.values[order[place]] * Double(counts[order[place]]) }
      guard need > 0 else { continue }
      // One unit of these prices costs at least so much.
      var unit = Double.infinity
      for place in depth..<types where entry.values[order[place]] > 0 {
        unit = min(unit, prices[order[place]] / entry.values[order[place]])
      }
      most = max(most, unit * need)
    }
    return most
  }

  /// The cheapest type: from the least count that no prices in the pool refute upwards, while it pays.
  private mutating func searchLast(_ type: Int, _ counts: inout [Int], _ spent: Double) throws(PlannerError) {
    var count = ranges[type].lowerBound
    var refuted = -1
    defer { counts[type] = ranges[type].lowerBound }
    while true {
      // Entries added on the way count at once.
      for entry in pool {
        var need = entry.least * (1 - Self.tolerance)
        for other in 0..<types where other != type { need -= entry.values[other] * Double(counts[other]) }
        guard need > 0 else { continue }
        guard entry.values[type] > 0 else { return }
        let least = (need / entry.values[type]).rounded(.up)
        guard least <= Double(ranges[type].upperBound) else { return }
        count = max(count, Int(least))
      }
      // Rounding may hide that prices forbid it.
      if count == refuted { count += 1 }
      let cost = spent + Double(count) * prices[type]
      guard isBetter(cost), count <= ranges[type].upperBound else { return }
      counts[type] = count
      nodes += 1
      if nodes % 64 == 0, isLate() { stopped = true }
      if stopped { return }
      switch fit(counts) {
      case .refuted:
        refuted = count
        continue
      case .fits(let found):
        best = (counts, cost, found)
        return
      case .doesNotFit: break
      case .unknown: unresolved = min(unresolved, cost)
      }
      count += 1
    }
  }
}
