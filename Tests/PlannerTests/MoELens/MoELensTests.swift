import Costs
import NumericTypes
import Planner
import Testing

@Suite("MoE-Lens") struct MoELensTests {
  /// A machine of round numbers: a pass of at least a second, and 1000 tokens that saturate the device.
  private func machine(
    tokens: Double = 4096, page: Int = 16, rate: Double = 1000, processor: Double = 1e12
  ) throws -> MoELens {
    try MoELens(
      weightBytes: 1e9, stateBytesPerToken: 100, stateMemory: 100 * tokens, link: 1e9, processorBandwidth: processor,
      deviceRate: rate, pageTokens: page)
  }

  @Test("Stage 1 by direct sums")
  func directSums() throws {
    for (p, g) in [(1, 1), (98, 32), (98, 256), (926, 128), (3, 5000)] {
      let load = try MoELensLoad(prompt: p, answer: g, requests: 1)
      // The closed form counts g of the g+1 terms.
      let kept = (0...g).reduce(0) { $0 + p + $1 }
      let direct = Double(p + g) / (Double(kept) * Double(g) / Double(g + 1))
      #expect(abs(MoELens.parallelismMemoryEfficiency(load) / direct - 1) < 1e-12)
      let machine = try machine()
      #expect(abs(machine.bound(load) - min(direct * 4096 / 1, 1000)) < 1e-9)
    }
    let mixtral = try MoELensPrediction.machine()
    #expect(abs(mixtral.streamSeconds - 2 * 46_702_792_704 / 19.5e9) < 1e-9)
    #expect(mixtral.stateBytesPerToken == 2 * 2 * 32 * 8 * 128)
    #expect(abs(mixtral.saturatingTokens - 18_500) < 200)
  }

  @Test("Pages of a request, and what the processor reads, by hand")
  func byHand() throws {
    // 10 + 0, 1, … 22 tokens in pages of 16: one page for 7 passes, then two for 16.
    let load = try MoELensLoad(prompt: 10, answer: 23, requests: 1000)
    let estimate = try MoELensEstimate(machine(tokens: 3900), load)
    #expect(abs(estimate.started - 243.0 / 39) < 1e-12)
    #expect(estimate.isMemoryBound && estimate.passSeconds == 1)
    // Few bytes a second: what is left beside the link while a second passes, and all of it afterwards.
    let slow = try MoELensEstimate(machine(tokens: 3900, processor: 1e9 + 1e5), load)
    let bytes = 100 * (243.0 / 39) * 22 * (10 + 11.5)
    #expect(abs(slow.attentionSeconds - (1 + (bytes - 1e5) / (1e9 + 1e5))) < 1e-9)
    #expect(slow.passSeconds == slow.attentionSeconds)
  }

  /// The scheduler in the plainest words: one entry for each request, sums taken anew each time.
  private func naive(
    _ machine: MoELens, _ requests: [(p: Int, g: Int)]
  ) -> (passes: Int, preemptions: Int, mostPages: Int, answered: [Int]) {
    struct One {
      var request: Int
      var kept: Int
      var given: Int
    }
    func pages(_ tokens: Int) -> Int { Int((Double(tokens) / Double(machine.pageTokens)).rounded(.up)) }
    var line = requests.indices.map { One(request: $0, kept: 0, given: 0) }
    var running: [One] = []
    var (passes, preemptions, most) = (0, 0, 0)
    var given = requests.map { _ in 0 }
    while !line.isEmpty || !running.isEmpty {
      var preempted = false
      while running.reduce(0, { $0 + pages($1.kept + 1) }) > machine.pages {
        var last = running.removeLast()
        last.kept = 0
        line.insert(last, at: 0)
        preemptions += 1
        preempted = true
      }
      for index in running.indices { running[index].kept += 1 }
      var tokens = running.count
      while !preempted, let next = line.first {
        let need = requests[next.request].p + next.given
        let held = running.reduce(0) { $0 + pages($1.kept) }
        guard held + pages(need) <= machine.pages else { break }
        guard tokens == 0 || Double(tokens + need) <= machine.saturatingTokens.rounded(.down) else { break }
        line.removeFirst()
        running.append(One(request: next.request, kept: need, given: next.given))
        tokens += need
      }
      most = max(most, running.reduce(0) { $0 + pages($1.kept) })
      passes += 1
      for index in running.indices {
        running[index].given += 1
        given[running[index].request] += 1
      }
      running.removeAll { $0.given == requests[$0.request].g }
    }
    return (passes, preemptions, most, given)
  }

  @Test("The scheduler beside a plain one, with room for many and for hardly more than one")
  func scheduler() throws {
    var random = Random(seed: 40)
    func whole(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + Int(random.uniform() * Double(range.count))
    }
    var preemptions = 0
    for round in 0..<200 {
      let cohorts = (0..<whole(1...6)).map { _ in
        MoELensSimulation.Cohort(prompt: whole(1...40), answer: whole(1...30), count: whole(1...12))
      }
      let largest = cohorts.map { $0.prompt + $0.answer }.max() ?? 1
      let page = whole(1...8)
      // A storm: one request and a page.
      let tokens = round.isMultiple(of: 2) ? largest + 2 * page : largest + whole(page...400)
      let machine = try machine(tokens: Double(tokens), page: page, rate: Double(whole(5...300)))
      let report = try MoELensSimulation.run(machine, cohorts)
      let singles = cohorts.flatMap { cohort in
        (0..<cohort.count).map { _ in (p: cohort.prompt, g: cohort.answer) }
      }
      let plain = naive(machine, singles)
      #expect(report.passes == plain.passes && report.preemptions == plain.preemptions, "round \(round)")
      #expect(report.mostPages == plain.mostPages && report.mostPages <= machine.pages)
      #expect(plain.answered == singles.map(\.g) && report.answered == singles.count)
      #expect(report.answerTokens == singles.reduce(0) { $0 + $1.g })
      #expect(report.seconds >= Double(report.passes) * machine.streamSeconds * (1 - 1e-12))
      // Cohorts are a way to count, no other order.
      let each = singles.map { MoELensSimulation.Cohort(prompt: $0.p, answer: $0.g) }
      #expect(try MoELensSimulation.run(machine, each) == report, "round \(round)")
      preemptions += report.preemptions
    }
    #expect(preemptions > 1000)
  }

  @Test("Stage 2 beside the scheduler: within 5 % where nothing is preempted, 12 % anywhere, 5 % in the mean")
  func stage2() throws {
    var (errors, calm) = ([Double](), 0)
    for memory in [70e9, 210e9] {
      for (p, g) in [(98, 32), (98, 64), (98, 128), (98, 256), (926, 128)] {
        for requests in [5000, 25_000, 100_000] {
          let machine = try MoELensPrediction.machine(stateMemory: memory)
          let load = try MoELensLoad(prompt: p, answer: g, requests: requests)
          let (formula, report) = (try MoELensEstimate(machine, load), try MoELensSimulation.run(machine, load))
          let error = formula.throughput / report.throughput - 1
          errors.append(abs(error))
          #expect(abs(error) < 0.12, "\(memory) \(load): \(error)")
          if report.preemptions == 0 {
            calm += 1
            #expect(abs(error) < 0.05, "\(memory) \(load): \(error)")
          }
        }
      }
    }
    #expect(errors.reduce(0, +) / Double(errors.count) < 0.05 && calm >= 6)
  }

  @Test("The device is busy the less the longer answers are, and the more prompts outweigh them")
  func utilization() throws {
    let machine = try MoELensPrediction.machine()
    var last = 1.0
    for g in [32, 64, 128, 256] {
      let busy = try MoELensEstimate(machine, MoELensPrediction.load(answer: g)).deviceUtilization
      #expect(busy < last)
      last = busy
    }
    last = 0
    // Of requests of one size, those with more prompt in them.
    for p in [16, 64, 256, 448] {
      let load = try MoELensLoad(prompt: p, answer: 512 - p, requests: 1000)
      let busy = try MoELensEstimate(machine, load).deviceUtilization
      #expect(busy > last)
      last = busy
    }
  }

  @Test("What more of a resource buys")
  func gains() throws {
    // Pages bind: weights and pages buy a tenth each, the device nothing.
    let gains = try MoELensPrediction.machine().gains(MoELensPrediction.load(answer: 256, requests: 1 << 20))
    let bought = Dictionary(uniqueKeysWithValues: gains.map { ($0.resource, $0.gain) })
    #expect(abs((bought[.stateMemory] ?? 0) - 0.1) < 0.005 && abs((bought[.link] ?? 0) - 0.1) < 0.005)
    #expect(abs(bought[.device] ?? 1) < 0.005 && bought[.processorBandwidth] == 0)
    #expect(gains.map(\.gain) == gains.map(\.gain).sorted(by: >))
    // The device binds: only a faster one helps, since passes are then longer than the stream.
    let busy = try MoELensPrediction.machine(stateMemory: 2100e9).gains(MoELensPrediction.load(answer: 32))
    #expect(busy.first?.resource == .device)
  }

  @Test("What cannot be is refused by name")
  func refusals() throws {
    for (p, g, k) in [
      (0, 1, 1), (1, 0, 1), (1, 1, 0), (Int.max, 1, 1), (1, Int.max, 1), (1, 1, Int.max), (1, 4, 1 << 29),
    ] {
      #expect(throws: PlannerError.self) { try MoELensLoad(prompt: p, answer: g, requests: k) }
    }
    for tokens in [0, -1, 15, Double.nan, .infinity] {
      #expect(throws: PlannerError.self) { try machine(tokens: tokens) }
    }
    #expect(throws: PlannerError.self) { try machine(page: 0) }
    #expect(throws: PlannerError.self) { try machine(processor: 1e9) }
    #expect(throws: PlannerError.self) { try machine(rate: 0) }
    let narrow = try machine(tokens: 32)
    let load = try MoELensLoad(prompt: 20, answer: 14, requests: 1)
    #expect(throws: PlannerError.self) { try MoELensEstimate(narrow, load) }
    #expect(throws: PlannerError.self) { try MoELensSimulation.run(narrow, load) }
    #expect(try MoELensSimulation.run(narrow, MoELensLoad(prompt: 20, answer: 13, requests: 3)).answered == 3)
    #expect(throws: PlannerError.self) {
      try MoELensSimulation.run(narrow, [MoELensSimulation.Cohort(prompt: 1, answer: 1, count: -1)])
    }
    #expect(throws: PlannerError.self) { try MoELensPrediction.machine(computeShare: 1.5) }
    #expect(throws: PlannerError.self) { try MoELensPrediction.machine(stateMemory: 0) }
  }

  @Test("The paper's figures")
  func published() throws {
    let rows = try MoELensPrediction.predictions()
    #expect(rows.count == 7 && rows.allSatisfy(\.met))
    #expect(rows.count { $0.isEvidence } == 2)
  }
}
