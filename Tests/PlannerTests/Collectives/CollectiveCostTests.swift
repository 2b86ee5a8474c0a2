import Planner
import Testing

@Suite struct CollectiveCostTests {
  /// A ring's messages one by one, with a buffer's parts as they are.
  private struct Ring {
    var sent: [Int]
    var serial = 0
    var steps = 0

    init(_ collective: Collective, ranks: Int, bytes: Int) {
      sent = [Int](repeating: 0, count: ranks)
      let parts = (0..<ranks).map { bytes / ranks + ($0 < bytes % ranks ? 1 : 0) }
      func turns(_ part: (_ rank: Int, _ turn: Int) -> Int) {
        for turn in 0..<(ranks - 1) {
          for rank in 0..<ranks { sent[rank] += parts[part(rank, turn)] }
          serial += (0..<ranks).map { parts[part($0, turn)] }.max() ?? 0
          steps += 1
        }
      }
      let scatter = { (rank: Int, turn: Int) in ((rank - turn) % ranks + ranks) % ranks }
      let gather = { (rank: Int, turn: Int) in ((rank + 1 - turn) % ranks + ranks) % ranks }
      switch collective {
      case .allReduce:
        turns(scatter)
        turns(gather)
      case .reduceScatter: turns(scatter)
      case .allGather: turns(gather)
      // In turn k rank r sends what it has for r + k.
      case .allToAll: turns { ($0 + $1 + 1) % ranks }
      case .broadcast: break
      }
    }
  }

  @Test func ringsSendWhatTheirMessagesAddUpTo() throws {
    var cases = 0
    for ranks in 2...9 {
      for bytes in [0, 1, 5, 8, 63, 64, 65, 1000] {
        for collective in [Collective.allReduce, .reduceScatter, .allGather, .allToAll] {
          let ring = Ring(collective, ranks: ranks, bytes: bytes)
          let cost = try CollectiveCost(collective, .ring, ranks: ranks, bytes: bytes)
          #expect(cost.totalBytes == ring.sent.reduce(0, +), "\(collective) \(ranks) \(bytes)")
          #expect(cost.busiestBytes == ring.sent.max(), "\(collective) \(ranks) \(bytes)")
          #expect(cost.steps == ring.steps)
          // Some turn may have short parts only: its time is then below the bound.
          #expect(cost.serialBytes >= ring.serial && cost.serialBytes - ring.serial <= ring.steps)
          if bytes % ranks == 0 { #expect(cost.serialBytes == ring.serial) }
          cases += 1
        }
      }
    }
    #expect(cases == 256)
  }

  /// The published bound 2 (n − 1) / n · N / β, and the latency term of each way.
  @Test func timesAreTheClosedForms() throws {
    let link = try Link(latency: 1e-6, bandwidth: 1e9)
    for ranks in [2, 4, 8, 64] {
      let bytes = 64 << 20
      let ring = try CollectiveCost(.allReduce, .ring, ranks: ranks, bytes: bytes).seconds(over: link)
      let turns = 2 * Double(ranks - 1)
      #expect(abs(ring - (turns * 1e-6 + turns / Double(ranks) * Double(bytes) / 1e9)) < 1e-12)
      let up = Double(Int.bitWidth - (ranks - 1).leadingZeroBitCount)
      let tree = try CollectiveCost(.allReduce, .tree, ranks: ranks, bytes: bytes).seconds(over: link)
      #expect(abs(tree - 2 * up * (1e-6 + Double(bytes) / 1e9)) < 1e-9)
      let star = try CollectiveCost(.allReduce, .star, ranks: ranks, bytes: bytes).seconds(over: link)
      #expect(abs(star - (2e-6 + turns * Double(bytes) / 1e9)) < 1e-9)
      // Large buffers belong on a ring, small ones on a star.
      #expect(ring <= tree && ring <= star)
      let small = try Collective.Algorithm.allCases.map {
        try CollectiveCost(.allReduce, $0, ranks: ranks, bytes: 64).seconds(over: link)
      }
      if ranks > 2 { #expect(small[2] <= small[1] && small[1] <= small[0]) }
    }
  }

  @Test func everyWaySumsAsManyBytes() throws {
    for ranks in 1...17 {
      let totals = try Collective.Algorithm.allCases.map {
        try CollectiveCost(.allReduce, $0, ranks: ranks, bytes: 1001).totalBytes
      }
      #expect(totals == Array(repeating: 2 * (ranks - 1) * 1001, count: 3))
    }
    #expect(try CollectiveCost(.allReduce, .ring, ranks: 1, bytes: 9).steps == 0)
  }

  @Test func whatCannotBeIsRefused() throws {
    for (ranks, bytes) in [(0, 1), (-1, 1), (Int.max, 1), (2, -1), (2, Int.max), (1 << 31, 1 << 40)] {
      #expect(throws: PlannerError.self) { try CollectiveCost(.allReduce, .ring, ranks: ranks, bytes: bytes) }
    }
    for collective in [Collective.allGather, .reduceScatter, .allToAll] {
      for algorithm in [Collective.Algorithm.tree, .star] {
        #expect(throws: PlannerError.self) { try CollectiveCost(collective, algorithm, ranks: 4, bytes: 4) }
      }
    }
    for (latency, bandwidth) in [(-1, 1), (.nan, 1), (0, 0), (0, -1), (0, .infinity), (.infinity, 1), (0, .nan)] {
      #expect(throws: PlannerError.self) { try Link(latency: latency, bandwidth: bandwidth) }
    }
  }
}
