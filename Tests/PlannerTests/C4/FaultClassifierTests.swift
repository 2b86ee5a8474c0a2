import NumericTypes
import Planner
import Testing

@Suite("Fault classifier") struct FaultClassifierTests {
  typealias Fault = FaultFinding.Fault

  /// The places that have traffic: all, or each rank's next alone.
  private func traffic(_ ranks: Int, ring: Bool) -> [Bool] {
    (0..<ranks * ranks).map { place in
      let (row, column) = (place / ranks, place % ranks)
      return ring ? column == (row + 1) % ranks : row != column
    }
  }

  private func covers(_ fault: Fault, _ row: Int, _ column: Int) -> Bool {
    switch fault {
    case .slowLink(let from, let to): row == from && column == to
    case .slowSender(let rank): row == rank
    case .slowReceiver(let rank): column == rank
    case .slowNode(let rank): row == rank || column == rank
    default: false
    }
  }

  /// Times that differ by up to 20 %, those of faults `factor` times as long.
  private func matrix(
    _ ranks: Int, _ traffic: [Bool], _ faults: [Fault], factor: Double, _ random: inout Random
  ) throws -> DelayMatrix {
    let unit = 1e-11 * (1 + 99 * random.uniform())
    return try DelayMatrix(
      ranks: ranks,
      cells: (0..<ranks * ranks).map { place in
        guard traffic[place] else { return nil }
        let isSlow = faults.contains { covers($0, place / ranks, place % ranks) }
        return unit * (0.8 + 0.4 * random.uniform()) * (isSlow ? factor : 1)
      })
  }

  /// What can be known of one fault: of a single cell only that its link is slow, of all cells nothing.
  private func known(_ fault: Fault, _ ranks: Int, _ traffic: [Bool]) -> [Fault] {
    let cells = traffic.indices.filter { traffic[$0] && covers(fault, $0 / ranks, $0 % ranks) }
    if cells.isEmpty || cells.count == traffic.count(where: { $0 }) { return [] }
    if cells.count == 1 { return [.slowLink(from: cells[0] / ranks, to: cells[0] % ranks)] }
    return [fault]
  }

  private func faults(_ culprit: Int, _ other: Int) -> [Fault] {
    [.slowLink(from: culprit, to: other), .slowSender(culprit), .slowReceiver(culprit), .slowNode(culprit)]
  }

  @Test("One cause among 2 to 256 ranks, on all pairs and on rings, and none where all is slow alike")
  func single() throws {
    var random = Random(seed: 1)
    var cases = 0
    for ranks in Array(2...20) + [24, 31, 32, 48, 64, 100, 128, 200, 256] {
      for ring in [false, true] {
        let traffic = traffic(ranks, ring: ring)
        for factor in [3, 3 + 7 * random.uniform()] {
          let culprit = Int(random.uniform() * Double(ranks))
          for fault in faults(culprit, (culprit + 1) % ranks) {
            let matrix = try matrix(ranks, traffic, [fault], factor: factor, &random)
            let found = FaultClassifier().slow(in: matrix)
            #expect(found.map(\.fault) == known(fault, ranks, traffic), "\(ranks) ring \(ring): \(fault)")
            #expect(found.allSatisfy { $0.evidence > 2 && $0.evidence < 1.5 * factor })
            cases += 1
          }
        }
        // Ten times as slow everywhere is another unit, not a fault.
        #expect(FaultClassifier().slow(in: try matrix(ranks, traffic, [], factor: 3, &random)).isEmpty)
      }
    }
    #expect(cases == 28 * 2 * 2 * 4)
  }

  @Test("Cells without traffic are not fast: rings and pairs with cells missing")
  func missing() throws {
    var random = Random(seed: 2)
    var named = 0
    for _ in 0..<400 {
      let ranks = 3 + Int(random.uniform() * 30)
      let ring = random.uniform() < 0.5
      var traffic = traffic(ranks, ring: ring)
      let gone = ring ? 1 + Int(random.uniform() * 2) : Int(random.uniform() * Double(ranks))
      let there = traffic.indices.filter { traffic[$0] }.shuffled(using: &random)
      for place in there.prefix(gone) { traffic[place] = false }
      guard let cell = there.dropFirst(gone).first else { continue }
      let fault = faults(cell / ranks, cell % ranks)[Int(random.uniform() * 4)]
      let slow = traffic.indices.filter { traffic[$0] && covers(fault, $0 / ranks, $0 % ranks) }
      // Where more than half of the ranks have nothing healthy left, nobody can tell.
      guard slow.count * 3 <= traffic.count(where: { $0 }) else { continue }
      let expected = known(fault, ranks, traffic)
      let found = FaultClassifier().slow(in: try matrix(ranks, traffic, [fault], factor: 3, &random)).map(\.fault)
      // A node that only sends, or only receives, is its sender or its receiver.
      if case .slowNode(let rank) = fault, expected == [fault] {
        let sends = slow.contains { $0 / ranks == rank }
        let receives = slow.contains { $0 % ranks == rank }
        #expect(found == (sends && receives ? [fault] : sends ? [.slowSender(rank)] : [.slowReceiver(rank)]))
      } else {
        #expect(found == expected, "\(ranks) \(ring) \(fault)")
      }
      named += 1
    }
    #expect(named > 250)
  }

  @Test("Two causes at once among 3 to 6 ranks: exact wherever no other two explain the same cells")
  func pairsExhaustively() throws {
    var random = Random(seed: 3)
    var cases = 0
    for ranks in 3...6 {
      let traffic = traffic(ranks, ring: false)
      var causes: [Fault] = []
      for rank in 0..<ranks { causes += [.slowNode(rank), .slowSender(rank), .slowReceiver(rank)] }
      for place in traffic.indices where traffic[place] {
        causes.append(.slowLink(from: place / ranks, to: place % ranks))
      }
      // Bits of cells.
      func bits(_ fault: Fault) -> UInt64 {
        traffic.indices.reduce(0) {
          traffic[$1] && covers(fault, $1 / ranks, $1 % ranks) ? $0 | 1 << UInt64($1) : $0
        }
      }
      let sets = causes.map(bits)
      var explanations: [UInt64: Int] = [:]
      for one in causes.indices { for two in 0..<one { explanations[sets[one] | sets[two], default: 0] += 1 } }
      let whole = traffic.indices.reduce(UInt64(0)) { traffic[$1] ? $0 | 1 << UInt64($1) : $0 }
      for one in causes.indices {
        for two in 0..<one {
          let union = sets[one] | sets[two]
          guard union != whole, !sets.contains(union), explanations[union] == 1 else { continue }
          let pair = [causes[one], causes[two]]
          let found = FaultClassifier().slow(in: try matrix(ranks, traffic, pair, factor: 3, &random))
          #expect(Set(found.map(\.fault)) == Set(pair), "\(ranks) ranks: \(pair), found \(found.map(\.fault))")
          cases += 1
        }
      }
    }
    #expect(cases > 1000)
  }

  @Test("Two causes at once among up to 256 ranks")
  func pairs() throws {
    var random = Random(seed: 4)
    for ranks in [7, 8, 16, 33, 64, 128, 256] {
      // On a ring of seven the two may touch, and look like the node between them.
      for ring in ranks == 7 ? [false] : [false, true] {
        let traffic = traffic(ranks, ring: ring)
        for one in 0..<4 {
          for two in 0..<4 {
            let ranksOfBoth = (first: Int(random.uniform() * 2), second: 4 + Int(random.uniform() * 2))
            let pair = [
              faults(ranksOfBoth.first, ranksOfBoth.first + 1)[one],
              faults(ranksOfBoth.second, (ranksOfBoth.second + 1) % ranks)[two],
            ]
            let expected = Set(pair.flatMap { known($0, ranks, traffic) })
            let found = FaultClassifier().slow(in: try matrix(ranks, traffic, pair, factor: 3, &random))
            #expect(Set(found.map(\.fault)) == expected, "\(ranks) ring \(ring): \(pair)")
          }
        }
      }
    }
  }

  @Test("Many causes are all accounted for")
  func many() throws {
    var random = Random(seed: 5)
    let links: [Fault] = (0..<9).map { .slowLink(from: 3 * $0, to: 3 * $0 + 1) }
    let traffic = traffic(40, ring: false)
    let matrix = try matrix(40, traffic, links + [.slowSender(30), .slowNode(35)], factor: 4, &random)
    let found = Set(FaultClassifier().slow(in: matrix).map(\.fault))
    // Link 30 → 31 lies in none of the nine.
    #expect(found == Set(links + [.slowSender(30), .slowNode(35)]))
  }

  /// Operations of ranks that compute a second before each, or what `late` says, give or take the noise.
  private func records(
    _ ranks: Int, _ count: Int, late: [Int: Double], noise: Double = 0.2, _ random: inout Random
  ) -> [OperationRecord] {
    var clock = 1000.0
    return (0..<count).map { sequence in
      let entered = (0..<ranks).map { rank in
        clock + (late[rank] ?? 1) * (1 - noise + 2 * noise * random.uniform())
      }
      clock = (entered.max() ?? clock) + 0.3
      return OperationRecord(
        sequence: sequence, entered: entered, completed: [Double?](repeating: clock, count: ranks))
    }
  }

  @Test("A rank whose work takes three times as long is the straggler, not those who wait for it")
  func stragglers() throws {
    var random = Random(seed: 6)
    for ranks in Array(2...12) + [16, 32, 64, 128, 256] {
      for _ in 0..<5 {
        let culprit = Int(random.uniform() * Double(ranks))
        let slow = records(ranks, 20, late: [culprit: 3], &random)
        let found = try FaultClassifier().stragglers(in: slow)
        #expect(found.map(\.fault) == [.straggler(culprit)], "\(ranks) ranks")
        #expect(found.allSatisfy { $0.evidence > 1 && $0.evidence < 3 })
        #expect(try FaultClassifier().stragglers(in: records(ranks, 20, late: [:], &random)).isEmpty)
        // The times of one clock may begin anywhere, and records come in any order.
        #expect(
          try FaultClassifier().findings(slow.shuffled(using: &random), now: 1100).map(\.fault) == found.map(\.fault))
      }
    }
    let waiting = try #require(records(4, 1, late: [2: 3], &random)[0].waiting)
    #expect(waiting[2] == 0 && waiting.filter { $0 > 1 }.count == 3)
  }

  @Test("Two stragglers, and lags that are steady but small")
  func severalStragglers() throws {
    var random = Random(seed: 7)
    for ranks in [5, 8, 33] {
      let found = try FaultClassifier().stragglers(in: records(ranks, 20, late: [0: 3, 4: 4], &random))
      #expect(found.map(\.fault) == [.straggler(0), .straggler(4)])
      // 2 % later every time, without any noise.
      #expect(try FaultClassifier().stragglers(in: records(ranks, 20, late: [1: 1.02], noise: 0, &random)).isEmpty)
      // Late once is not late.
      let once =
        records(ranks, 20, late: [:], &random)
        + records(ranks, 1, late: [1: 9], &random).map {
          OperationRecord(
            sequence: 20, entered: $0.entered.map { $0.map { $0 + 100 } },
            completed: [Double?](repeating: nil, count: ranks))
        }
      #expect(try FaultClassifier().stragglers(in: once).isEmpty)
    }
    #expect(try FaultClassifier().stragglers(in: []).isEmpty)
    #expect(try FaultClassifier().stragglers(in: records(8, 1, late: [1: 9], &random)).isEmpty)
  }

  @Test("A hang is told by who entered: all, and the transport stands still; or some are missing")
  func hangs() throws {
    let classifier = FaultClassifier()
    let entered: [Double?] = [10, 11, 12, 10.5]
    let done = OperationRecord(sequence: 4, entered: entered, completed: [13, 13, 13, 13])
    #expect(try classifier.hang(in: done, now: 1000) == nil)
    var absent = OperationRecord(sequence: 5, entered: [20, nil, 21, nil], completed: [nil, nil, nil, nil])
    #expect(try classifier.hang(in: absent, now: 49) == nil)
    #expect(try classifier.hang(in: absent, now: 51)?.fault == .nonCommunicationHang(ranks: [1, 3]))
    #expect(
      try classifier.findings([done, absent], now: 60) == [
        FaultFinding(.nonCommunicationHang(ranks: [1, 3]), evidence: 40)
      ])
    absent.entered = [nil, nil, nil, nil]
    #expect(try classifier.hang(in: absent, now: 1000) == nil)
    let stuck = OperationRecord(sequence: 6, entered: entered, completed: [nil, nil, 15, nil])
    let transport = [
      TransportRecord(source: 0, destination: 1, progressed: 40),
      TransportRecord(source: 1, destination: 2, progressed: 14),
      TransportRecord(source: 2, destination: 3, progressed: 39),
      TransportRecord(source: 3, destination: 0, progressed: 41),
    ]
    #expect(try classifier.hang(in: stuck, transport: transport, now: 70) == nil)
    #expect(try classifier.hang(in: stuck, transport: transport, now: 72)?.fault == .communicationHang(ranks: [1, 2]))
    #expect(try classifier.hang(in: stuck, now: 72)?.fault == .communicationHang(ranks: [0, 1, 3]))
  }

  @Test("Slow transfers are named before lateness, which they cause")
  func order() throws {
    var random = Random(seed: 8)
    let late = records(8, 20, late: [5: 3], &random)
    let traffic = traffic(8, ring: true)
    let slow = try matrix(8, traffic, [.slowNode(2)], factor: 5, &random)
    #expect(try FaultClassifier().findings(late, delays: slow, now: 1100).map(\.fault) == [.slowNode(2)])
    let healthy = try matrix(8, traffic, [], factor: 5, &random)
    #expect(try FaultClassifier().findings(late, delays: healthy, now: 1100).map(\.fault) == [.straggler(5)])
  }

  @Test("Other numbers of ranks and what is no time are refused by name")
  func refusals() throws {
    func names(_ word: String, _ body: () throws -> Void) {
      let error = #expect(throws: PlannerError.self) { try body() }
      #expect(error.map { "\($0)".contains(word) } == true, "\(String(describing: error)) does not say \(word)")
    }
    names("ranks") { _ = try DelayMatrix(ranks: 1, cells: [nil]) }
    names("ranks") { _ = try DelayMatrix(ranks: .max, cells: []) }
    names("cells") { _ = try DelayMatrix(ranks: 2, cells: [nil, 1, 1]) }
    names("itself") { _ = try DelayMatrix(ranks: 2, cells: [1, 1, 1, nil]) }
    for bad in [0, -1, Double.nan, .infinity] {
      names("no time") { _ = try DelayMatrix(ranks: 2, cells: [nil, bad, 1, nil]) }
    }
    let classifier = FaultClassifier()
    let good = OperationRecord(sequence: 1, entered: [1, 1], completed: [2, 2])
    names("operation 2.entered") {
      _ = try classifier.stragglers(in: [good, OperationRecord(sequence: 2, entered: [1], completed: [2, 2])])
    }
    names("completed") {
      _ = try classifier.hang(in: OperationRecord(sequence: 2, entered: [1, 1], completed: [2]), now: 3)
    }
    names("before") {
      _ = try classifier.hang(in: OperationRecord(sequence: 2, entered: [1, nil], completed: [nil, 2]), now: 3)
    }
    names("no time") {
      _ = try classifier.hang(in: OperationRecord(sequence: 2, entered: [1, .nan], completed: [nil, nil]), now: 3)
    }
    names("now") { _ = try classifier.hang(in: good, now: .nan) }
    names("transport.destination") {
      _ = try classifier.hang(in: good, transport: [TransportRecord(source: 0, destination: 2, progressed: 1)], now: 3)
    }
    names("delays") {
      _ = try classifier.findings(
        [good], delays: DelayMatrix(ranks: 3, cells: [Double?](repeating: nil, count: 9)), now: 3)
    }
    #expect(classifier.slow(in: try DelayMatrix(ranks: 2, cells: [nil, nil, nil, nil])).isEmpty)
  }
}
