import Costs
import NumericTypes
import Planner
import Testing

@Suite("Sessions") struct SessionSimulationTests {
  @Test("With room for all and nobody reading, the closed form: every document, then all answer together")
  func ample() throws {
    for (users, questions, answer) in [(1, 1, 1), (3, 2, 250), (8, 5, 7)] {
      let load = try SessionLoad(users: users, questions: questions, context: 100, answer: answer)
      let report = try SessionSimulation(load, users: users, prefill: 2, transfer: 9) { 0.5 + 0.25 * Double($0) }.run()
      let steps = Double(questions * answer) * (0.5 + 0.25 * Double(users))
      #expect(abs(report.seconds - (2 * Double(users) + steps)) < 1e-9)
      #expect(report.sessions == users && report.answers == users * questions && report.evictions == 0)
      #expect(abs(report.sessionsPerHour - 3600 * Double(users) / report.seconds) < 1e-9)
    }
  }

  @Test("With room for one and nobody reading, one user after the other, and no switch")
  func oneAtATime() throws {
    let load = try SessionLoad(users: 4, questions: 3, context: 100, answer: 10)
    let report = try SessionSimulation(load, users: 1, prefill: 2, transfer: 9) { _ in 0.1 }.run()
    #expect(abs(report.seconds - 4 * (2 + 3 * 10 * 0.1)) < 1e-9)
    #expect(report.evictions == 0 && report.peakResidents == 1)
  }

  @Test("Two users, room for one, a schedule by hand")
  func byHand() throws {
    // A reads its document 0–2 and gets its answer 2–3. While A reads until 13, B puts A out (9 s), reads 12–14, is answered
    // 14–15. A is ready since 13 and puts B out, who reads until 25: out and in 15–33, answered 33–34 and done.
    // B, ready since 25, comes back at 34 (9 s, nobody goes), answered 43–44.
    let load = try SessionLoad(users: 2, questions: 2, context: 100, answer: 10, thinking: 10)
    let simulation = try SessionSimulation(load, users: 1, prefill: 2, transfer: 9) { _ in 0.1 }
    let report = simulation.run()
    #expect(abs(report.seconds - 44) < 1e-9, "\(report)")
    #expect(report.evictions == 2 && report.peakResidents == 1)
    #expect(abs((report.busy[.contextSwitch] ?? 0) - 36) < 1e-9)
    // Waits: A 2, B 14, A 33 − 13, B 43 − 25.
    #expect(abs(report.meanWait - (2 + 14 + 20 + 18) / 4) < 1e-9)
    #expect(simulation.binding().metric == .contextSwitch || simulation.binding().metric == .concurrency)
  }

  @Test("Users and memory are conserved, and the device is never busier than the time, over random loads")
  func conservation() throws {
    var random = Random(seed: 11)
    func whole(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + Int(random.uniform() * Double(range.count))
    }
    var evictions = 0
    for _ in 0..<400 {
      let load = try SessionLoad(
        users: whole(1...9), questions: whole(1...4), context: 10, answer: whole(1...30),
        thinking: random.uniform() * 20, eviction: random.uniform() < 0.5 ? .lru : .fifo)
      let room = whole(1...9)
      let (prefill, transfer, step) = (random.uniform() * 3, random.uniform(), random.uniform())
      let simulation = try SessionSimulation(load, users: room, prefill: prefill, transfer: transfer) {
        step * (1 + 0.1 * Double($0))
      }
      let report = simulation.run()
      #expect(report.sessions == load.users && report.answers == load.users * load.questions)
      #expect(report.peakResidents <= min(room, load.users))
      #expect(abs((report.busy[.prefill] ?? 0) - prefill * Double(load.users)) < 1e-9)
      let busy = report.busy.values.reduce(0, +)
      #expect(busy <= report.seconds * (1 + 1e-12) && report.seconds.isFinite && report.meanWait >= 0)
      #expect(report == simulation.run())
      if room >= load.users { #expect(report.evictions == 0) }
      evictions += report.evictions
    }
    #expect(evictions > 100)
  }

  @Test("The limit that is far from all others binds")
  func binding() throws {
    let load = try SessionLoad(users: 4, questions: 2, context: 10, answer: 10, thinking: 1)
    func metric(_ users: Int, _ prefill: Double, _ transfer: Double, _ step: Double) throws -> SessionReport.Metric {
      try SessionSimulation(load, users: users, prefill: prefill, transfer: transfer) { _ in step }.binding().metric
    }
    #expect(try metric(4, 100, 0.1, 0.01) == .prefill)
    #expect(try metric(4, 0.1, 0.1, 10) == .decode)
    // One at a time through slow steps: either more room or faster steps.
    let crowded = try metric(1, 0.1, 0, 10)
    #expect(crowded == .concurrency || crowded == .decode)
  }

  @Test("Eight bits double the users and halve the switch")
  func eightBits() throws {
    let catalogue = try ModelCatalogue.published.entry("yi-34b")
    let device = try DeviceCatalogue.published.device("A100")
    let model = try LongContextModel(catalogue.shape)
    let plain = try LongContextAnalysis(model, on: device, memory: 80 * 0x1p30)
    let half = try LongContextAnalysis(
      model, on: device, memory: 80 * 0x1p30, compression: KeyValueCompression(bits: 8))
    #expect(try half.users(2048) >= 2 * plain.users(2048))
    #expect(try half.switchSeconds(2048) == plain.switchSeconds(2048) / 2)
  }

  @Test("Loads that are none are refused")
  func refusals() throws {
    #expect(throws: PlannerError.self) { try SessionLoad(users: 0, questions: 1, context: 1) }
    #expect(throws: PlannerError.self) { try SessionLoad(users: 1025, questions: 1, context: 1) }
    #expect(throws: PlannerError.self) { try SessionLoad(users: 1, questions: Int.max, context: 1) }
    #expect(throws: PlannerError.self) { try SessionLoad(users: 1, questions: 1, context: 0) }
    #expect(throws: PlannerError.self) { try SessionLoad(users: 1, questions: 1, context: 1, answer: 0) }
    #expect(throws: PlannerError.self) { try SessionLoad(users: 1, questions: 1, context: 1, thinking: .nan) }
    let load = try SessionLoad(users: 1, questions: 1, context: 50_000_000)
    let analysis = try LongContextAnalysis(LongContextPrediction.yi34B(), on: DeviceCatalogue.published.device("A100"))
    #expect(throws: PlannerError.self) { try SessionSimulation(analysis, load) }
    let small = try SessionLoad(users: 1, questions: 1, context: 1)
    #expect(throws: PlannerError.self) { try SessionSimulation(small, users: 0, prefill: 1, transfer: 1) { _ in 1 } }
    #expect(throws: PlannerError.self) { try SessionSimulation(small, users: 1, prefill: -1, transfer: 1) { _ in 1 } }
  }
}
