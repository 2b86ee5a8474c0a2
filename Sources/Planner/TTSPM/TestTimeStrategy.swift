/// Some parallel answers, each thought over for some rounds, with what that brings and costs.
public struct TestTimeStrategy: Sendable, Hashable {
  /// Parallel answers.
  public var parallel: Int
  /// Rounds of each.
  public var rounds: Int
  /// The chance that one of them is right in the end.
  public var accuracy: Double
  /// Tokens that are generated.
  public var tokens: Double
  /// Tokens that are read again: each round reads the question and the answer before it.
  public var reread: Double

  /// What strategies up to some numbers bring and cost, the cheapest first.
  ///
  /// An answer is right with the parallel model's chance; each further round makes a wrong one right with the sequential
  /// model's. The ceiling is the parallel model's.
  ///
  /// - Parameters:
  ///   - parallel: of answers; its chance is that of a first answer.
  ///   - sequential: of rounds.
  ///   - prompt: tokens of the question, read once for all parallel answers.
  ///   - answer: tokens of an answer.
  ///   - limit: the most answers and the most rounds.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for limits outside 1…256 and tokens outside 0…2³¹.
  public static func all(
    parallel: SaturationModel, sequential: SaturationModel, prompt: Int, answer: Int,
    limit: (parallel: Int, rounds: Int)
  ) throws(PlannerError) -> [TestTimeStrategy] {
    for (field, count) in [("parallel", limit.parallel), ("rounds", limit.rounds)] where !(1...256).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…256")
    }
    for (field, count) in [("prompt", prompt), ("answer", answer)] where !(0...1 << 31).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 0…\(1 << 31)")
    }
    var strategies: [TestTimeStrategy] = []
    for answers in 1...limit.parallel {
      for rounds in 1...limit.rounds {
        let wrong = (1 - parallel.chance) * (0..<rounds - 1).reduce(1.0) { wrong, _ in wrong * (1 - sequential.chance) }
        let accuracy = parallel.ceiling * (1 - (0..<answers).reduce(1.0) { all, _ in all * wrong })
        strategies.append(
          TestTimeStrategy(
            parallel: answers, rounds: rounds, accuracy: accuracy,
            tokens: Double(answers) * Double(rounds) * Double(answer),
            reread: Double(answers) * Double(rounds - 1) * Double(prompt + answer)))
      }
    }
    return strategies.sorted { ($0.cost, -$0.accuracy) < ($1.cost, -$1.accuracy) }
  }

  /// Tokens generated and a tenth of those read again: reading is arithmetic over many tokens at once, writing is one pass over
  /// the weights for each. The share is a convention.
  public var cost: Double { tokens + reread / 10 }

  /// Those that no other beats in both accuracy and cost, the cheapest first.
  public static func frontier(_ strategies: [TestTimeStrategy]) -> [TestTimeStrategy] {
    ParetoFront.indices(strategies.map { ($0.cost, $0.accuracy) }).map { strategies[$0] }
  }
}
