import Foundation
import NumericTypes
import Planner
import Testing

@Suite("I/O of attention") struct AttentionIOTests {
  typealias Tile = AttentionSchedule.ProductTile

  private func numbers(_ count: Int, _ random: inout Random) -> [Double] {
    (0..<count).map { _ in 2 * random.uniform() - 1 }
  }

  /// Attention in the plainest words.
  private func naive(_ q: [Double], _ k: [Double], _ v: [Double], width d: Int) -> [Double] {
    var output: [Double] = []
    for row in 0..<q.count / d {
      let scores = (0..<k.count / d).map { key in (0..<d).reduce(0.0) { $0 + q[row * d + $1] * k[key * d + $1] } }
      let largest = scores.max() ?? 0
      let weights = scores.map { exp($0 - largest) }
      let sum = weights.reduce(0, +)
      for column in 0..<d {
        output.append(weights.indices.reduce(0.0) { $0 + weights[$1] * v[$1 * d + column] } / sum)
      }
    }
    return output
  }

  private func schedules(_ io: AttentionIO, _ random: inout Random) -> [AttentionSchedule] {
    func whole(_ most: Int) -> Int { 1 + Int(random.uniform() * Double(max(1, most))) }
    var all: [AttentionSchedule] = [.naive, io.squareProducts(), io.bestProducts(), io.bestSchedule()]
    all += [io.bestFlash(), io.bestKeysOutermost()].compactMap { $0 }
    for _ in 0..<3 {
      all.append(.flash(rows: whole(io.rows + 1), columns: whole(io.tokens + 1)))
      all.append(.keysOutermost(rows: whole(io.rows + 1), columns: whole(io.tokens + 1)))
      let tiles = (0..<2).map { _ in Tile(rows: whole(io.rows), columns: whole(io.tokens), depth: whole(3)) }
      all.append(.products(scores: tiles[0], values: tiles[1]))
    }
    return all.filter { io.residency($0) <= io.memory }
  }

  @Test("Outputs of all schedules, words as their formulas say, never more than fits")
  func machine() throws {
    var random = Random(seed: 35)
    var cases: [String: Int] = [:]
    for (n, d, memory, group) in [
      (1, 1, 4, 1), (5, 3, 40, 1), (7, 4, 12, 1), (16, 8, 3, 1), (12, 4, 60, 3), (33, 5, 100, 1), (20, 16, 90, 2),
      (31, 7, 1 << 20, 1), (24, 6, 200, 1), (10, 12, 27, 2),
    ] {
      let io = try AttentionIO(tokens: n, width: d, memory: memory, group: group)
      let (q, k, v) = (
        numbers(io.rows * d, &random), numbers(n * d, &random), numbers(n * d, &random)
      )
      let expected = naive(q, k, v, width: d)
      for schedule in schedules(io, &random) {
        let program = try AttentionProgram(io, schedule, queries: q, keys: k, values: v)
        let error = zip(program.output, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(program.output.count == expected.count && error < 1e-10, "\(io) \(schedule)")
        let words = try io.words(schedule)
        #expect(program.machine.words == words, "\(io) \(schedule)")
        #expect(program.machine.mostResident == io.residency(schedule), "\(io) \(schedule)")
        #expect(program.machine.mostResident <= memory && program.machine.resident == 0)
        #expect(Double(program.machine.words) >= io.least)
        cases[schedule.name, default: 0] += 1
      }
    }
    #expect(cases.count == 4 && cases.values.allSatisfy { $0 >= 8 }, "\(cases)")
  }

  @Test("The choice is the fewest words over all blocks")
  func bruteForce() throws {
    for (n, d) in [(6, 2), (9, 4), (13, 3), (16, 8)] {
      for memory in [3, 4, 7, 12, 19, 30, 47, 64, 100, 170, 400, 2000] {
        let io = try AttentionIO(tokens: n, width: d, memory: memory)
        var (flash, outermost, products): (Int?, Int?, Int) = (nil, nil, .max)
        for rows in 1...n {
          for columns in 1...n {
            if let words = try? io.words(.flash(rows: rows, columns: columns)) { flash = min(flash ?? .max, words) }
            if let words = try? io.words(.keysOutermost(rows: rows, columns: columns)) {
              outermost = min(outermost ?? .max, words)
            }
          }
        }
        // Both products have tiles of their own.
        var (first, second) = (Int.max, Int.max)
        let smallest = Tile(rows: 1, columns: 1)
        let base = try io.words(.products(scores: smallest, values: smallest))
        for rows in 1...n {
          for columns in 1...max(n, d) {
            let tile = Tile(rows: rows, columns: columns)
            if let words = try? io.words(.products(scores: tile, values: smallest)) { first = min(first, words) }
            if let words = try? io.words(.products(scores: smallest, values: tile)) { second = min(second, words) }
          }
        }
        products = first + second - base
        #expect(try io.bestFlash().map { try io.words($0) } == flash, "\(io)")
        #expect(try io.bestKeysOutermost().map { try io.words($0) } == outermost, "\(io)")
        #expect(try io.words(io.bestProducts()) == products, "\(io)")
        #expect(try io.words(io.bestSchedule()) == min(flash ?? .max, products), "\(io)")
        #expect(try io.words(io.squareProducts()) >= products)
      }
    }
  }

  /// The slope of a line through points, by least squares.
  private func slope(_ points: [(x: Double, y: Double)]) -> Double {
    let (x, y) = (points.map { log($0.x) }, points.map { log($0.y) })
    let (mx, my) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
    let both = zip(x, y).reduce(0.0) { $0 + ($1.0 - mx) * ($1.1 - my) }
    return both / x.reduce(0.0) { $0 + ($1 - mx) * ($1 - mx) }
  }

  @Test("Words fall with the memory as the bounds do, and cross near d²")
  func slopes() throws {
    let (n, d) = (1024, 128)
    var points: [(x: Double, y: Double)] = []
    for memory in stride(from: d * d, through: n * d / 4, by: 512) {
      let io = try AttentionIO(tokens: n, width: d, memory: memory)
      let flash = try #require(io.bestFlash())
      points.append((Double(memory), Double(try io.words(flash) - 2 * n * d)))
    }
    #expect(abs(slope(points) + 1) < 0.05, "\(slope(points))")
    // Of products what depends on tiles: both terms with d; scores, weights and their pass are fixed.
    points = []
    for memory in stride(from: 64, through: d * d / 4, by: 16) {
      let io = try AttentionIO(tokens: n, width: d, memory: memory)
      let fixed = 4 * n * n + n + n * d
      points.append((Double(memory), Double(try io.words(io.bestProducts()) - fixed)))
    }
    #expect(abs(slope(points) + 0.5) < 0.03, "\(slope(points))")
    let small = try AttentionIO(tokens: n, width: d, memory: d * d / 16)
    let flash = try #require(small.bestFlash())
    #expect(try small.words(flash) >= 2 * small.words(small.bestProducts()))
    for (memory, isFlash) in [(d * d / 6, false), (2 * d * d, true)] {
      let io = try AttentionIO(tokens: n, width: d, memory: memory)
      let chosen = io.bestSchedule()
      if case .flash = chosen { #expect(isFlash) } else { #expect(!isFlash) }
    }
  }

  @Test("The bounds, by hand")
  func bounds() throws {
    let (n, d) = (4096, 64)
    let large = try AttentionIO(tokens: n, width: d, memory: 8192)
    let pairs: Double = 4096 * 4096
    #expect(large.bound == pairs * 4096 / 8192)
    let small = try AttentionIO(tokens: n, width: d, memory: 1024)
    #expect(small.bound == pairs * 64 / 32)
    // Both meet at d², and at a memory for everything what is read and written is left.
    let middle = try AttentionIO(tokens: n, width: d, memory: d * d)
    #expect(middle.bound == pairs)
    let all = try AttentionIO(tokens: n, width: d, memory: 1 << 30)
    let words = try all.words(all.bestSchedule())
    #expect(all.bound == Double(words) && words == 4 * 4096 * 64)
    // Keys of a group of 4 pass once where all its rows fit, else as often as without it.
    let group = try AttentionIO(tokens: 64, width: 8, memory: 1 << 20, group: 4)
    #expect(try group.words(group.bestSchedule()) == 2 * 256 * 8 + 2 * 64 * 8)
    let tight = try AttentionIO(tokens: 64, width: 8, memory: 320, group: 4)
    let one = try AttentionIO(tokens: 64, width: 8, memory: 320)
    let (shared, single) = (try #require(tight.bestFlash()), try #require(one.bestFlash()))
    #expect(try tight.words(shared) == 4 * one.words(single))
  }

  @Test("A cache that gives up the line unused for longest, beside a list")
  func cache() throws {
    var random = Random(seed: 36)
    let io = try AttentionIO(tokens: 16, width: 8, memory: 96)
    let (q, k, v) = (numbers(128, &random), numbers(128, &random), numbers(128, &random))
    for schedule in [AttentionSchedule.naive, io.bestSchedule(), io.squareProducts()] {
      var misses: [Int] = []
      for line in [1, 4, 8] {
        let program = try AttentionProgram(io, schedule, queries: q, keys: k, values: v, cacheLine: line)
        let cache = try #require(program.machine.cache)
        #expect(cache.lines == 96 / line && cache.misses > 0)
        let words = try io.words(schedule)
        #expect(program.machine.words == words)
        misses.append(cache.misses)
      }
      #expect(misses[0] > misses[2])
      // With all in the cache each word that is touched is brought once.
      let roomy = try AttentionIO(tokens: 16, width: 8, memory: 1 << 12)
      let program = try AttentionProgram(
        roomy, .flash(rows: 16, columns: 16), queries: q, keys: k, values: v, cacheLine: 1)
      // Keys, values, queries, outputs, the tile, and two statistics of each row.
      #expect(program.machine.cache?.misses == 4 * 128 + 256 + 32)
    }
    // The trace of a naive product, by a list.
    var (list, misses) = ([Int](), 0)
    var machine = try IOMachine(capacity: 64, contents: numbers(64, &random))
    machine.cache = try LeastRecentlyUsed(words: 20, lineWords: 4, addresses: 64)
    try machine.load(0..<64)
    for _ in 0..<3000 {
      let address = Int(random.uniform() * 64)
      _ = try machine.read(address)
      if let found = list.firstIndex(of: address / 4) {
        list.remove(at: found)
      } else {
        misses += 1
        if list.count == 5 { list.removeFirst() }
      }
      list.append(address / 4)
    }
    #expect(machine.cache?.misses == misses && machine.cache?.words == 4 * misses)
  }

  @Test("The machine refuses what the model does")
  func refusesAccess() throws {
    var machine = try IOMachine(capacity: 4, contents: [1, 2, 3, 4, 5, 6])
    #expect(throws: PlannerError.self) { try machine.read(0) }
    try machine.load(0..<3)
    #expect(try machine.read(2) == 3)
    #expect(throws: PlannerError.self) { try machine.load(2..<3) }
    #expect(throws: PlannerError.self) { try machine.store(3..<4) }
    #expect(throws: PlannerError.self) { try machine.free(3..<4) }
    #expect(throws: PlannerError.self) { try machine.load(-1..<0) }
    #expect(throws: PlannerError.self) { try machine.load(5..<7) }
    try machine.free(0..<1)
    #expect(throws: PlannerError.self) { try machine.read(0) }
    try machine.write(1, 9)
    try machine.store(1..<2)
    #expect(machine.words == 4)
    #expect(try machine.contents(0..<2) == [1, 9])
    #expect(throws: PlannerError.self) { try machine.allocate(3..<6) }
  }

  @Test("Times of a hierarchy: the slowest way")
  func hierarchy() throws {
    let io = try AttentionIO(tokens: 256, width: 32, memory: 4096)
    let words = Double(try io.words(io.bestSchedule()))
    let near = AttentionIO.Level(words: 4096, bandwidth: 1e9)
    #expect(try io.seconds(levels: [near], wordBytes: 2, operationsPerSecond: 1e18) == 2 * words / 1e9)
    let far = AttentionIO.Level(words: 1 << 20, bandwidth: 1e6)
    let least: Double = 2 * 4 * 256 * 32 / 1e6
    let slower = max(least, 2 * words / 1e9)
    #expect(try io.seconds(levels: [near, far], wordBytes: 2, operationsPerSecond: 1e18) == slower)
    #expect(try io.seconds(levels: [], wordBytes: 2, operationsPerSecond: 1e6) == io.operations / 1e6)
    #expect(throws: PlannerError.self) {
      try io.seconds(levels: [AttentionIO.Level(words: 2, bandwidth: 1)], wordBytes: 2, operationsPerSecond: 1)
    }
    #expect(throws: PlannerError.self) { try io.seconds(levels: [], wordBytes: 0, operationsPerSecond: 1) }
  }

  @Test("On an A100 flash moves at least five times fewer words; recalled figures within their limits")
  func published() throws {
    let head = try AttentionIOPrediction.head()
    let flash = try #require(head.bestFlash())
    #expect(try 5 * head.words(flash) < head.words(head.bestProducts()))
    let rows = try AttentionIOPrediction.predictions()
    #expect(rows.count == 3 && rows.allSatisfy { !$0.verified })
  }

  @Test("Sizes that are none are refused by name")
  func refusals() throws {
    for (n, d, memory, group) in [
      (0, 1, 9, 1), (1, 0, 9, 1), (1, 1, 2, 1), (1, 1, 9, 0), (Int.max, 1, 9, 1), (1, Int.max, 9, 1),
      (1, 1, Int.max, 1),
      (1 << 20, 1 << 14, 9, 4), (1 << 20, 1, 9, 8), (1, 1, 9, Int.min),
    ] {
      #expect(throws: PlannerError.self) { try AttentionIO(tokens: n, width: d, memory: memory, group: group) }
    }
    let io = try AttentionIO(tokens: 8, width: 4, memory: 20)
    for schedule in [
      AttentionSchedule.flash(rows: 0, columns: 1), .flash(rows: 4, columns: 4), .keysOutermost(rows: 1, columns: -1),
      .products(scores: Tile(rows: Int.max, columns: 1), values: Tile(rows: 1, columns: 1)),
      .products(scores: Tile(rows: 4, columns: 4), values: Tile(rows: 1, columns: 1)),
    ] {
      #expect(throws: PlannerError.self) { try io.words(schedule) }
    }
    #expect(io.bestFlash() != nil)
    #expect(try AttentionIO(tokens: 8, width: 4, memory: 18).bestFlash() == nil)
    #expect(throws: PlannerError.self) { try AttentionIO(tokens: 8, width: 4, memory: 20).backwardWords() }
    #expect(throws: PlannerError.self) {
      try AttentionProgram(io, .naive, queries: [1], keys: [1], values: [1])
    }
    let huge = try AttentionIO(tokens: 1 << 14, width: 1, memory: 100)
    let zeros = [Double](repeating: 0, count: 1 << 14)
    #expect(throws: PlannerError.self) {
      try AttentionProgram(huge, .naive, queries: zeros, keys: zeros, values: zeros)
    }
  }
}
