import Inference

/// One search of an ``Optimizer``.
struct OptimizerSearch {
  let optimizer: Optimizer
  let start: EngineSettings
  let standard: EngineSettings
  let trials: any Trials
  let begun: Double
  let isInterrupted: @Sendable () -> Bool
  let report: @Sendable (String) -> Void
  /// A difference that a few pairs are enough for.
  private static let clear = 1.15
  /// The longest turn so far, and the longest first one, which loads.
  private var turnSeconds = 0.0
  private var firstTurnSeconds = 0.0
  private var ending = Outcome.Ending.done
  private var referenceAnswers: [[Int32]]?
  private var referencePerplexity: Double?

  init(
    optimizer: Optimizer, start: EngineSettings, standard: EngineSettings, trials: any Trials, begun: Double,
    isInterrupted: @escaping @Sendable () -> Bool, report: @escaping @Sendable (String) -> Void
  ) {
    self.optimizer = optimizer
    self.start = start
    self.standard = standard
    self.trials = trials
    self.begun = begun
    self.isInterrupted = isInterrupted
    self.report = report
  }

  mutating func run(_ advices: [Advice]) async throws -> Outcome {
    // The settings in force must work: everything is compared with them.
    for round in 0...1 { _ = try await turn(start, beside: start, isFirst: round == 0) }
    var levers = advices.map { Lever($0, on: start) }
    for index in levers.indices {
      if levers[index].predicted < Optimizer.hopeless {
        levers[index].verdict = .untried("predicted to be worse")
        continue
      }
      if !hasTime(for: levers[index].predicted) { break }
      report("\(index + 1) of \(levers.count), \(levers[index].name)")
      await measure(&levers[index], against: start)
    }
    let (best, advised, combinations) = await combine(levers, advices)
    var outcome = Outcome(
      goal: optimizer.goal, start: start, levers: levers, combinations: combinations, name: best?.name ?? "start",
      chosen: advised, gain: best?.measured, gainOverDefault: nil, isVerified: false, ending: ending, seconds: 0)
    await verify(&outcome)
    outcome.ending = ending
    outcome.seconds = optimizer.now() - begun
    return outcome
  }

  /// Adds to the best lever those of other techniques that help it further.
  private mutating func combine(
    _ levers: [Lever], _ advices: [Advice]
  ) async -> (best: Lever?, settings: EngineSettings, tried: [Lever]) {
    let order = levers.indices.filter { levers[$0].verdict == .better }
      .sorted { (levers[$0].measured?.median ?? 0) > (levers[$1].measured?.median ?? 0) }
    guard let first = order.first else { return (nil, start, []) }
    var best = levers[first]
    var tried: [Lever] = []
    for index in order.dropFirst() where !best.techniques.contains(levers[index].techniques[0]) {
      if !hasTime(for: levers[index].predicted) { break }
      var both = best.combined(with: levers[index], settings: advices[index].applied(to: best.settings))
      report(both.name)
      // Against the best so far, then by how much it is better than the start.
      var further = both
      await measure(&further, against: best.settings)
      both.quality = further.quality
      both.verdict = further.verdict
      if let step = further.measured, let before = best.measured {
        both.measured = RatioEstimate(
          median: before.median * step.median, low: before.low * step.low, high: before.high * step.high)
      }
      tried.append(both)
      if both.verdict == .better { best = both }
    }
    return (best, best.settings, tried)
  }

  /// Measures the choice again, against what the search began with and against the defaults.
  private mutating func verify(_ outcome: inout Outcome) async {
    if outcome.chosen != start {
      report("verifying \(outcome.name)")
      var gain: RatioEstimate?
      do {
        guard let pair = try await pairs(outcome.chosen, start, count: optimizer.verificationPairs, least: 5) else {
          return
        }
        gain = RatioEstimate(ours: pair.ours, theirs: pair.theirs)
      } catch { report("\(outcome.name) failed: \(error)") }
      // What fails now, or is no better now, is not chosen.
      if let gain, gain.low > 1 {
        outcome.gain = gain
      } else {
        outcome.chosen = start
        outcome.name = "start"
        outcome.gain = nil
      }
    }
    outcome.isVerified = true
    // Who begins with a handicap may end with a smaller one: then the defaults are the better choice.
    guard start != standard, outcome.chosen != standard else { return }
    report("comparing with the defaults")
    guard let pair = try? await pairs(outcome.chosen, standard, count: optimizer.verificationPairs, least: 5),
      let gain = RatioEstimate(ours: pair.ours, theirs: pair.theirs)
    else {
      outcome.isVerified = false
      return
    }
    outcome.gainOverDefault = gain
    if gain.high < 1 {
      outcome.chosen = standard
      outcome.name = "default"
      outcome.gain = nil
      outcome.gainOverDefault = nil
    }
  }

  /// Fills in what a lever brings, compared with `other`, and what it costs.
  private mutating func measure(_ lever: inout Lever, against other: EngineSettings) async {
    do {
      try await check(&lever)
      guard let pair = try await pairs(lever.settings, other, count: optimizer.pairs, least: 3) else { return }
      guard let ratio = RatioEstimate(ours: pair.ours, theirs: pair.theirs) else {
        lever.verdict = .failed("a turn took no time")
        return
      }
      lever.measured = ratio
      if !lever.quality.isAcceptable(allowed: optimizer.allowedPerplexity) {
        lever.verdict = .quality
      } else {
        lever.verdict = ratio.low > 1 ? .better : ratio.high < 1 ? .worse : .noise
      }
      if lever.verdict == .better, optimizer.goal == .memory, try await isTooSlow(lever.settings) {
        lever.verdict = .slow
      }
    } catch is CancellationError {
      ending = .interrupted
    } catch { lever.verdict = .failed("\(error)") }
  }

  /// Exact techniques must give the same answers, others may cost some perplexity.
  private mutating func check(_ lever: inout Lever) async throws {
    if lever.quality.isExact {
      // A combination with an approximate technique is compared by perplexity; what is exact is compared with the start.
      if referenceAnswers == nil { referenceAnswers = try await trials.answers(start) }
      lever.quality.isSame = try await trials.answers(lever.settings) == referenceAnswers
    } else {
      if referencePerplexity == nil { referencePerplexity = try await trials.perplexity(start) }
      lever.quality.reference = referencePerplexity
      lever.quality.perplexity = try await trials.perplexity(lever.settings)
    }
  }

  private func isTooSlow(_ settings: EngineSettings) async throws -> Bool {
    var ours: [Double] = []
    var theirs: [Double] = []
    for round in 0...optimizer.pairs {
      let seconds = (try await trials.work(settings), try await trials.work(start))
      if round > 0 {
        ours.append(seconds.0)
        theirs.append(seconds.1)
      }
    }
    guard let ratio = RatioEstimate(ours: ours, theirs: theirs) else { return true }
    return ratio.low < 1 - optimizer.allowedSlowdown
  }

  /// Costs of both in turns, after a warm-up of each: `count` pairs, or fewer where `least` of them say the same by far or
  /// the time is used up; `nil` where an interrupt left too few.
  private mutating func pairs(
    _ ours: EngineSettings, _ theirs: EngineSettings, count: Int, least: Int
  ) async throws -> (ours: [Double], theirs: [Double])? {
    var result: (ours: [Double], theirs: [Double]) = ([], [])
    for round in 0...count {
      if isInterrupted() { ending = .interrupted }
      if ending == .interrupted { break }
      let pair = (
        try await turn(ours, beside: theirs, isFirst: round == 0),
        try await turn(theirs, beside: ours, isFirst: round == 0)
      )
      if round == 0 { continue }
      result.ours.append(pair.0)
      result.theirs.append(pair.1)
      if result.ours.count < least { continue }
      // What is clearly better or worse needs no narrow interval.
      let ratios = zip(result.ours, result.theirs).map { $1 / $0 }
      if ratios.allSatisfy({ $0 < 1 / Self.clear }) || ratios.allSatisfy({ $0 > Self.clear }) { break }
      if optimizer.now() - begun > optimizer.budget { break }
    }
    return result.ours.count >= min(least, 3) ? result : nil
  }

  private mutating func turn(
    _ settings: EngineSettings, beside other: EngineSettings, isFirst: Bool
  ) async throws -> Double {
    if optimizer.pauseSeconds > 0 { try await Task.sleep(for: .seconds(optimizer.pauseSeconds)) }
    let before = optimizer.now()
    let cost = try await trials.turn(settings, beside: other)
    let seconds = optimizer.now() - before
    if isFirst { firstTurnSeconds = max(firstTurnSeconds, seconds) } else { turnSeconds = max(turnSeconds, seconds) }
    return cost
  }

  /// Whether a series of the fewest pairs and the verification fit into what is left of the budget, if the candidate's
  /// turns are as much shorter as predicted.
  private mutating func hasTime(for predicted: Double) -> Bool {
    if isInterrupted() { ending = .interrupted }
    if ending != .done { return false }
    let series = start == standard ? 2 : 3
    let turns = 3 + (series - 1) * 5
    let share = optimizer.goal == .memory ? 1 : 1 / max(1, predicted)
    let needed = (Double(turns) * turnSeconds + Double(series) * firstTurnSeconds) * (1 + share)
    if optimizer.now() - begun + needed > optimizer.budget { ending = .budget }
    return ending == .done
  }
}
