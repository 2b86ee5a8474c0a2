import Planner
import Profiling

/// What the model's answers to tasks say of the forecasts.
struct AnswerStudy {
  /// The least gain that another answer is worth, the sheet's.
  static let least = 0.01
  /// The most answers to a problem.
  static let limit = 64

  let kinds: [CheckableTask.Kind]
  /// Answers of each problem of each class.
  let answers: [[[AnswerSampler.Answer]]]

  /// Hits of a class's problems among the first answers of each.
  private func attempts(_ problems: [[AnswerSampler.Answer]], first: Int = limit) throws -> [Attempts] {
    try problems.map { try Attempts(samples: first, correct: $0.prefix(first).count(where: \.isRight)) }
  }

  private static let fitted = [1, 2, 4, 8]

  /// hit@64 of all problems, forecast from up to eight answers.
  ///
  /// - Throws: `PlannerError`.
  func forecasts() throws -> [Measure] {
    let problems = answers.flatMap { $0 }
    let all = try attempts(problems)
    let truth = try PassAtK.coverage(all, k: Self.limit)
    return try [
      (all, "all answers' curve up to N = 8"), (try attempts(problems, first: 8), "the first 8 answers alone"),
    ].map {
      attempts, name in
      let fit = try SaturationFit(problems: attempts, at: Self.fitted, draws: 1)
      let mixed = 100 * ((fit.mixture?.value(at: Double(Self.limit)) ?? .infinity) - truth)
      let plain = 100 * (fit.model.value(at: Double(Self.limit)) - truth)
      return Measure(
        "error of hit@64 (\(scientific(100 * truth, digits: 4)) % of \(problems.count) problems) from \(name), mixture",
        unit: "points", ours: Summary([abs(mixed)]), peer: Summary([abs(plain)]), peerName: "one chance",
        target: .atMost(5, .ours))
    }
  }

  /// Where classes saturate, forecast and seen.
  ///
  /// - Throws: `PlannerError`.
  func saturation() throws -> Measure {
    var (forecast, mixed, seen): ([Double], [Double], [Double]) = ([], [], [])
    var details: [String] = []
    for (kind, problems) in zip(kinds, answers) {
      let all = try attempts(problems)
      let first = try attempts(problems, first: 8)
      let fit = try first.contains { $0.correct > 0 } ? SaturationFit(problems: first, at: Self.fitted, draws: 1) : nil
      forecast.append(Double(budget(try fit?.model.saturation(gain: Self.least))))
      mixed.append(Double(budget(try fit?.mixture?.saturation(gain: Self.least))))
      var least = Self.limit
      var before = try PassAtK.coverage(all, k: 1)
      for count in 1..<Self.limit {
        let after = try PassAtK.coverage(all, k: count + 1)
        if after - before <= Self.least {
          least = count
          break
        }
        before = after
      }
      seen.append(Double(least))
      details.append("\(kind.rawValue) \(Int(forecast[forecast.count - 1]))/\(least)")
    }
    return Measure(
      "correlation of N* forecast by one chance from 8 answers with N* seen, \(kinds.count) classes ("
        + details.joined(separator: ", ") + ")", unit: "",
      ours: Correlation.pearson(forecast, seen).flatMap { Summary([$0]) },
      peer: Correlation.pearson(mixed, seen).flatMap { Summary([$0]) }, peerName: "mixture",
      target: .atLeast(0.8, .ours))
  }

  /// At least one answer, and the limit where there is no forecast.
  private func budget(_ count: Int?) -> Int { min(Self.limit, max(1, count ?? Self.limit)) }

  /// What budgets by the forecast of every other problem keep on the rest, and cost.
  ///
  /// - Throws: `PlannerError`.
  func budgets() throws -> [Measure] {
    func kept(_ count: (SaturationFit?) throws -> Int?) throws -> (accuracy: Double, tokens: Double) {
      var (hits, all, tokens, most) = (0.0, 0.0, 0, 0)
      for problems in answers {
        let known = problems.indices.filter { $0 % 2 == 0 }.map { problems[$0] }
        let rest = problems.indices.filter { $0 % 2 == 1 }.map { problems[$0] }
        let first = try attempts(known, first: 8)
        let fit =
          try first.contains { $0.correct > 0 } ? SaturationFit(problems: first, at: Self.fitted, draws: 1) : nil
        let budget = budget(try count(fit))
        hits += Double(rest.count) * (try PassAtK.coverage(attempts(rest), k: budget))
        all += Double(rest.count) * (try PassAtK.coverage(attempts(rest), k: Self.limit))
        for answers in rest {
          tokens += answers.prefix(budget).reduce(0) { $0 + $1.tokens }
          most += answers.reduce(0) { $0 + $1.tokens }
        }
      }
      return (100 * hits / max(all, 1e-9), 100 * Double(tokens) / Double(max(most, 1)))
    }
    let plain = try kept { try $0?.model.saturation(gain: Self.least) }
    let mixed = try kept { try $0?.mixture?.saturation(gain: Self.least) }
    let half = try kept { _ in Self.limit / 2 }
    return [
      Measure(
        "hit@64 that budgets of N* keep on the problems that were not fitted (\(Self.limit / 2) answers to each keep "
          + "\(scientific(half.accuracy, digits: 3)) %)", unit: "%", ours: Summary([plain.accuracy]),
        peer: Summary([mixed.accuracy]), peerName: "N* of the mixture", target: .atLeast(97, .ours)),
      Measure(
        "tokens of these budgets, of those of 64 answers", unit: "%", ours: Summary([plain.tokens]),
        peer: Summary([mixed.tokens]), peerName: "N* of the mixture", target: .atMost(50, .ours)),
    ]
  }

  /// What choosing among 64 answers without knowing brings.
  func selectors() -> [Measure] {
    let problems = answers.flatMap { $0 }
    let single = problems.reduce(0.0) { $0 + Double($1.count(where: \.isRight)) / Double($1.count) }
    return AnswerSelector.allCases.map { selector in
      let right = problems.count { answers in
        selector.choice(of: answers.map(\.candidate)).map { answers[$0].isRight } == true
      }
      return Measure(
        "right by \(selector.rawValue) of 64 answers\(selector == .majority ? "" : ", weights: the mean chance of a token")",
        unit: "%", ours: Summary([100 * Double(right) / Double(problems.count)]),
        peer: Summary([100 * single / Double(problems.count)]), peerName: "one answer")
    }
  }

  /// What rounds of thinking again bring: the chain fitted on the first half of the rounds, the rest held out.
  ///
  /// - Throws: `PlannerError`.
  static func rounds(_ chains: [[AnswerSampler.Answer]]) throws -> [Measure] {
    let count = chains.first?.count ?? 0
    let fitted = count / 2
    var (wrong, gained, right, lost) = (0, 0, 0, 0)
    for chain in chains {
      for (before, after) in zip(chain, chain.dropFirst()).prefix(fitted - 1) {
        wrong += before.isRight ? 0 : 1
        gained += !before.isRight && after.isRight ? 1 : 0
        right += before.isRight ? 1 : 0
        lost += before.isRight && !after.isRight ? 1 : 0
      }
    }
    func share(_ round: Int) -> Double { Double(chains.count { $0[round].isRight }) / Double(chains.count) }
    let chance = Double(gained) / Double(max(wrong, 1))
    let losing = Double(lost) / Double(max(right, 1))
    let model = try SaturationModel(chance: chance, initial: share(0))
    let foretold = try model.share(after: Double(count - 1), losing: losing)
    let absorbing = model.value(at: Double(count - 1))
    let name =
      "error of the share right in round \(count) (\(scientific(100 * share(count - 1), digits: 3)) %; "
      + "\(scientific(100 * share(0), digits: 3)) % in the first), a chain of rounds 1 to \(fitted): "
      + "wrong to right \(scientific(100 * chance, digits: 3)) %, right to wrong \(scientific(100 * losing, digits: 3)) %"
    return [
      Measure(
        name, unit: "points", ours: Summary([abs(100 * (foretold - share(count - 1)))]),
        peer: Summary([abs(100 * (absorbing - share(count - 1)))]), peerName: "right answers never lost")
    ]
  }
}

extension TTSPM {
  /// The model's own answers.
  func answers(_ conditions: RunConditions) async throws -> [Measure] {
    guard let sampler = try await AnswerSampler(conditions) else {
      return [
        Measure(
          "the default model's answers to tasks", unit: "%", ours: nil,
          absent: "the model is not there: `venturi pull smollm2` fetches it")
      ]
    }
    let kinds = CheckableTask.Kind.allCases
    let each = conditions.quick ? 4 : 20
    let tasks = kinds.map { CheckableTask.questions(of: $0, count: each, seed: 85) }
    var answers: [[[AnswerSampler.Answer]]] = []
    for (place, kind) in kinds.enumerated() {
      var problems: [[AnswerSampler.Answer]] = []
      for (index, task) in tasks[place].enumerated() {
        try conditions.next("\(kind.rawValue), \(index + 1) of \(each)")
        let seed = UInt64(place * 100 + index)
        problems.append(try await sampler.answers(to: task, count: AnswerStudy.limit, seed: seed))
      }
      answers.append(problems)
    }
    let study = AnswerStudy(kinds: kinds, answers: answers)
    try conditions.next("rounds of thinking again")
    let chains = try await sampler.rounds(of: tasks.flatMap { $0 }, count: 8)
    var measures = try study.forecasts() + [study.saturation()] + study.budgets() + study.selectors()
    measures += try AnswerStudy.rounds(chains)
    if let task = tasks[0].first {
      let (together, apart) = try await sampler.sharing(task, count: 16, turns: conditions.timing.pairs)
      measures.append(
        Measure(
          "16 answers to a prompt at once", unit: "s", ours: try RunConditions.summary(together),
          peer: try RunConditions.summary(apart), peerName: "one after the other, each with its prompt",
          ratio: RatioEstimate(ours: together, theirs: apart), target: .atLeast(4)))
    }
    return measures
  }
}
