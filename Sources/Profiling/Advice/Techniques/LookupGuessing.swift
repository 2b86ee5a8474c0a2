import Inference

/// Guessing ahead from earlier text, or not: a right guess saves a step, a wrong one makes a step dearer.
///
/// Which guesses are right is found on the subject's samples, whose answers stay the same with any setting; what the steps
/// cost comes from ``StepCosts``.
public struct LookupGuessing: Technique {
  /// `lookup`.
  public let name = "lookup"
  /// The weights' traffic and the steps' own cost, both of which several tokens share.
  public let addresses = [Bottleneck(.decode, .memory), Bottleneck(.decode, .overhead)]
  private static let limits = [0, 2, 4, 8, 16]

  /// The technique.
  public init() {}

  /// The other limits, when the goal is generating.
  public func advice(for subject: Subject) -> [Advice] {
    guard case .decode(let depth) = subject.goal else { return [] }
    let now = subject.settings.lookup ?? 0
    let before = Self.seconds(limit: now, subject, depth)
    return Self.limits.compactMap { limit in
      if limit == now { return nil }
      let after = Self.seconds(limit: limit, subject, depth)
      guard before > 0, after > 0 else { return nil }
      return Advice(
        technique: name, name: "lookup \(limit)", addresses: addresses, isExact: true, predictedGain: before / after
      ) { $0.lookup = limit }
    }
  }

  /// The seconds that the samples' answers take with guesses of up to `limit` tokens.
  static func seconds(limit: Int, _ subject: Subject, _ depth: Int) -> Double {
    subject.samples.reduce(0) { sum, sample in
      sum
        + steps(limit: limit, sample).reduce(0) {
          $0 + subject.costs.step(rows: $1, depth: depth, logits: $1, subject.settings)
        }
    }
  }

  /// The rows of every step after the first token of an answer.
  package static func steps(limit: Int, _ sample: Subject.Sample) -> [Int] {
    var steps: [Int] = []
    var lookup = PromptLookup(limit: max(1, limit))
    var made = 1
    while made < sample.answer.count {
      let room = min(limit, sample.answer.count - made - 1)
      let guesses =
        room > 0 ? lookup.guess(after: sample.prompt + sample.answer.prefix(made), limit: room) : []
      var accepted = 0
      while accepted < guesses.count, guesses[accepted] == sample.answer[made + accepted] { accepted += 1 }
      if !guesses.isEmpty { lookup.learn(guessed: guesses.count, accepted: accepted) }
      steps.append(1 + guesses.count)
      made += accepted + 1
    }
    return steps
  }
}
