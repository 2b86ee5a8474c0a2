import Formats
import Inference
import Profiling
import Synchronization
import Tensors
import Testing

/// What an optimizer chooses, from measurements that are made up.
@Suite("Optimizer") struct OptimizerTests {
  /// Costs by a formula, with noise and a clock that only turns move.
  private final class MadeUp: Trials {
    struct Failure: Error {}
    typealias Cost = @Sendable (EngineSettings) throws -> Double
    let cost: Cost
    let noise: Double
    let answer: @Sendable (EngineSettings) -> Int32
    let score: @Sendable (EngineSettings) -> Double
    let state: Mutex<(random: Random, clock: Double, turns: [EngineSettings])>

    init(
      seed: UInt64 = 1, noise: Double = 0, answer: @escaping @Sendable (EngineSettings) -> Int32 = { _ in 1 },
      score: @escaping @Sendable (EngineSettings) -> Double = { _ in 10 }, cost: @escaping Cost
    ) {
      self.cost = cost
      self.noise = noise
      self.answer = answer
      self.score = score
      state = Mutex((Random(seed: seed), 0, []))
    }

    var clock: Double { state.withLock { $0.clock } }
    var turns: [EngineSettings] { state.withLock { $0.turns } }

    func turn(_ settings: EngineSettings, beside other: EngineSettings) throws -> Double {
      let cost = try cost(settings)
      return state.withLock { state in
        state.turns.append(settings)
        state.clock += cost
        return cost * (1 + noise * (2 * Double(state.random.uniform()) - 1))
      }
    }

    func work(_ settings: EngineSettings) throws -> Double { settings.stepTokens == 32 ? 2 : 1 }
    func answers(_ settings: EngineSettings) -> [[Int32]] { [[answer(settings)]] }
    func perplexity(_ settings: EngineSettings) -> Double { score(settings) }
  }

  private static let start = EngineSettings(threads: 2, compute: .fast, stepTokens: 512, lookup: 0)

  private static func advice(
    _ technique: String, _ name: String, _ gain: Double, isExact: Bool = true,
    _ apply: @escaping @Sendable (inout EngineSettings) -> Void
  ) -> Advice {
    Advice(
      technique: technique, name: name, addresses: [Bottleneck(.decode, .memory)], isExact: isExact,
      predictedGain: gain, apply: apply)
  }

  private static let threads = advice("threads", "threads 1", 2) { $0.threads = 1 }
  private static let lookup4 = advice("lookup", "lookup 4", 1.5) { $0.lookup = 4 }
  private static let lookup8 = advice("lookup", "lookup 8", 1.2) { $0.lookup = 8 }
  private static let exact = advice("compute", "compute f32", 1.1, isExact: false) { $0.compute = .f32 }

  private static func optimize(
    _ trials: MadeUp, _ advices: [Advice], goal: Goal = .decode(depth: 0), standard: EngineSettings = start,
    budget: Double = 1e9, allowed: Double = 0, isInterrupted: @escaping @Sendable () -> Bool = { false }
  ) async throws -> Outcome {
    let optimizer = Optimizer(
      goal: goal, budget: budget, allowedPerplexity: allowed, pauseSeconds: 0, now: { trials.clock })
    return try await optimizer.run(
      start: start, standard: standard, advices: advices, trials: trials, isInterrupted: isInterrupted)
  }

  @Test("Where nothing helps, noise chooses nothing", arguments: 0..<40)
  func noiseChoosesNothing(_ seed: Int) async throws {
    let outcome = try await Self.optimize(
      MadeUp(seed: UInt64(seed), noise: 0.1) { _ in 1 }, [Self.threads, Self.lookup4, Self.lookup8])
    // Five pairs and then ten that all fall on one side by chance: about one in a thousand.
    #expect(outcome.name == "start" && outcome.chosen == Self.start && outcome.gain == nil)
    #expect(outcome.isVerified && outcome.ending == .done)
    #expect(outcome.levers.allSatisfy { $0.measured != nil && $0.error != nil })
  }

  @Test func whatHelpsIsCombined() async throws {
    let trials = MadeUp(noise: 0.02) { ($0.threads == 1 ? 0.8 : 1) * ($0.lookup == 4 ? 0.7 : $0.lookup == 8 ? 0.9 : 1) }
    let outcome = try await Self.optimize(trials, [Self.threads, Self.lookup4, Self.lookup8])
    #expect(outcome.name == "lookup 4 + threads 1")
    #expect(outcome.chosen == EngineSettings(threads: 1, compute: .fast, stepTokens: 512, lookup: 4))
    let gain = try #require(outcome.gain)
    #expect(gain.low > 1 && gain.low <= gain.median && abs(gain.median - 1 / 0.56) < 0.1)
    // Advices of one technique are never taken together.
    #expect(outcome.combinations.map(\.techniques) == [["lookup", "threads"]])
    #expect(outcome.levers.map(\.verdict) == [.better, .better, .better])
    #expect(abs(try #require(outcome.levers[0].error) - (2 * 0.8 - 1)) < 0.1)
  }

  @Test func whatHelpsAloneMayHurtTogether() async throws {
    let trials = MadeUp { $0.threads == 1 && $0.lookup == 4 ? 2 : $0.threads == 1 ? 0.8 : $0.lookup == 4 ? 0.7 : 1 }
    let outcome = try await Self.optimize(trials, [Self.threads, Self.lookup4])
    #expect(outcome.name == "lookup 4" && outcome.chosen.threads == 2)
    #expect(outcome.combinations.map(\.verdict) == [.worse])
  }

  @Test func otherAnswersAreNoGain() async throws {
    let trials = MadeUp(answer: { $0.lookup == 4 ? 2 : 1 }) { $0.lookup == 4 ? 0.5 : 1 }
    let outcome = try await Self.optimize(trials, [Self.lookup4])
    #expect(outcome.chosen == Self.start && outcome.levers[0].verdict == .quality)
    #expect(outcome.levers[0].quality.isSame == false && outcome.levers[0].measured?.median == 2)
  }

  @Test(arguments: [(0.0, false), (0.009, false), (0.011, true)])
  func perplexityHasItsLimit(_ allowed: Double, _ isChosen: Bool) async throws {
    let trials = MadeUp(score: { $0.compute == .f32 ? 10.1 : 10 }) { $0.compute == .f32 ? 0.5 : 1 }
    let outcome = try await Self.optimize(trials, [Self.exact], allowed: allowed)
    #expect((outcome.chosen.compute == .f32) == isChosen)
    #expect(abs(try #require(outcome.levers[0].quality.change) - 0.01) < 1e-9)
  }

  @Test func hopelessAdviceCostsNoTime() async throws {
    let trials = MadeUp { _ in 1 }
    let bad = Self.advice("lookup", "lookup 16", 0.2) { $0.lookup = 16 }
    let outcome = try await Self.optimize(trials, [bad])
    #expect(
      outcome.levers[0].verdict == .untried("predicted to be worse") && !trials.turns.contains { $0.lookup == 16 })
  }

  @Test func aCandidateThatFailsIsNotChosen() async throws {
    let trials = MadeUp { if $0.lookup == 4 { throw MadeUp.Failure() } else { $0.threads == 1 ? 0.5 : 1 } }
    let outcome = try await Self.optimize(trials, [Self.lookup4, Self.threads])
    guard case .failed = outcome.levers[0].verdict else {
      Issue.record("\(outcome.levers[0].verdict)")
      return
    }
    #expect(outcome.name == "threads 1")
    await #expect(throws: MadeUp.Failure.self) {
      try await Self.optimize(MadeUp { _ in throw MadeUp.Failure() }, [Self.threads])
    }
  }

  @Test("A gain that does not come back is not chosen")
  func aGainMustComeBack() async throws {
    let turns = Mutex(0)
    // Fast while it is searched, slow from then on.
    let trials = MadeUp { settings in
      settings.threads == 1
        ? turns.withLock {
          $0 += 1; return $0 <= 6 ? 0.5 : 1.5
        } : 1
    }
    let outcome = try await Self.optimize(trials, [Self.threads])
    #expect(outcome.levers[0].verdict == .better && outcome.chosen == Self.start && outcome.gain == nil)
  }

  @Test("What fails when it is measured again is not chosen")
  func aChoiceMustGoOnWorking() async throws {
    let turns = Mutex(0)
    let trials = MadeUp { settings in
      guard settings.threads == 1 else { return 1 }
      let count = turns.withLock { count in
        count += 1
        return count
      }
      if count > 6 { throw MadeUp.Failure() }
      return 0.5
    }
    let outcome = try await Self.optimize(trials, [Self.threads])
    #expect(outcome.levers[0].verdict == .better)
    #expect(outcome.name == "start" && outcome.chosen == Self.start && outcome.gain == nil && outcome.isVerified)
  }

  @Test("Who begins with two handicaps and is rid of one gets the defaults")
  func neverSlowerThanTheDefaults() async throws {
    var standard = Self.start
    standard.stepTokens = 256
    let trials = MadeUp { ($0.threads == 1 ? 0.8 : 1) * ($0.stepTokens == 256 ? 0.5 : 1) }
    let outcome = try await Self.optimize(trials, [Self.threads], standard: standard)
    #expect(outcome.name == "default" && outcome.chosen == standard)
    let better = try await Self.optimize(
      MadeUp { $0.threads == 1 ? 0.4 : $0.stepTokens == 256 ? 0.5 : 1 }, [Self.threads], standard: standard)
    #expect(better.name == "threads 1" && (better.gainOverDefault?.low ?? 0) > 1)
  }

  @Test func theBudgetIsKept() async throws {
    let trials = MadeUp { $0.threads == 1 ? 0.5 : 1 }
    // Two turns of the start, a clear series of 3 pairs after its first turns, and a whole one: then the time is up.
    let outcome = try await Self.optimize(trials, [Self.threads, Self.lookup4, Self.lookup8], budget: 30)
    #expect(outcome.ending == .budget && outcome.name == "threads 1" && outcome.isVerified)
    #expect(outcome.levers[2].verdict == .untried("the search ended before") && trials.clock <= 31)
  }

  @Test func anInterruptKeepsWhatWasFound() async throws {
    let trials = MadeUp { $0.threads == 1 ? 0.5 : 1 }
    let outcome = try await Self.optimize(
      trials, [Self.threads, Self.lookup4], isInterrupted: { trials.turns.contains { $0.lookup == 4 } })
    #expect(outcome.ending == .interrupted && !outcome.isVerified && outcome.chosen.threads == 1)
    let early = try await Self.optimize(trials, [Self.threads], isInterrupted: { true })
    #expect(early.chosen == Self.start && early.levers[0].measured == nil)
  }

  @Test func lessMemoryMayNotCostTooMuchSpeed() async throws {
    let small = Self.advice("chunk", "chunk 32", 1.4) { $0.stepTokens = 32 }
    let middle = Self.advice("chunk", "chunk 64", 1.2) { $0.stepTokens = 64 }
    let outcome = try await Self.optimize(
      MadeUp { Double($0.stepTokens ?? 0) * 1e4 }, [small, middle], goal: .memory)
    #expect(outcome.levers.map(\.verdict) == [.slow, .better] && outcome.chosen.stepTokens == 64)
  }

  @Test func theReportHasWhatIsPromised() async throws {
    let outcome = try await Self.optimize(MadeUp { $0.threads == 1 ? 0.5 : 1 }, [Self.threads])
    let report = JSON.object(outcome.members)
    let lever = try #require(report["levers"]?.elements?.first)
    #expect(lever["name"] == "threads 1" && lever["predicted"]?.double == 2 && lever["measured"]?.double == 2)
    #expect(lever["quality"]?["same"] == .bool(true) && lever["error"]?.double == 0)
    #expect(report["chosen"]?["settings"]?["threads"]?.int == 1)
    #expect(outcome.figures.first?.measured == 2)
  }

  @Test(arguments: ["decode", "decode@2048", "prefill", "prefill@64", "memory", "latency"])
  func goalsHaveNames(_ name: String) throws {
    let goal = try #require(Goal(name))
    #expect(goal.name.hasPrefix(name) && Goal(goal.name) == goal)
  }

  @Test(arguments: [
    "", "decod", "decode@", "decode@-1", "prefill@1", "memory@3", "latency@", "decode@2@3", "decode@1e3",
  ])
  func otherNamesAreNone(_ name: String) { #expect(Goal(name) == nil) }
}
