/// The law: which model with how many trials of which length is best at a cost.
public struct KineticsFrontier: Sendable, Hashable {
  /// A setting with what it costs and how often a question is solved.
  public struct Setting: Sendable, Hashable {
    /// The model's name.
    public var model: String
    /// Trials N.
    public var trials: Int
    /// The most tokens of an answer; longer ones count as wrong and end there.
    public var length: Int
    /// The most tokens that a step reads; `nil` for all.
    public var budget: Int?
    /// Equivalent operations of a question, the mean.
    public var cost: Double
    /// The share of questions of which at least one trial is right.
    public var coverage: Double
  }

  /// All settings.
  public var settings: [Setting]

  /// Places of those that no other beats, the cheapest first.
  public var frontier: [Setting] {
    ParetoFront.indices(settings.map { ($0.cost, $0.coverage) }).map { settings[$0] }
  }

  /// Costs and coverages of all combinations.
  ///
  /// - Parameters:
  ///   - records: answers, several to each question.
  ///   - models: the models by name.
  ///   - trials: numbers N, each at most the answers to a question.
  ///   - lengths: the most tokens of an answer.
  ///   - attentions: ways to attend. Sparse ones are priced as if they changed no answer.
  ///   - prompt: tokens of a question.
  ///   - intensity: operations for a byte.
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a model that is not named, lengths and trials that are none, and more
  ///   trials than answers.
  public init(
    _ records: [KineticsRecord], models: [KineticsModel], trials: [Int] = [1, 2, 4, 8, 16, 32], lengths: [Int],
    attentions: [KineticsAttention] = [.dense], prompt: Int = 128, intensity: Double = Kinetics.defaultIntensity
  ) throws(PlannerError) {
    guard !records.isEmpty, records.count <= 1 << 22 else {
      throw .invalid(field: "records", problem: "\(records.count) of them, not 1…\(1 << 22)")
    }
    guard intensity >= 0, intensity.isFinite else {
      throw .invalid(field: "intensity", problem: "\(intensity) must not be below 0")
    }
    settings = []
    for (name, answers) in Dictionary(grouping: records, by: \.model).sorted(by: { $0.key < $1.key }) {
      guard let model = models.first(where: { $0.name == name }) else {
        throw .invalid(field: "model", problem: "'\(name)' is not among \(models.map(\.name))")
      }
      let questions = Dictionary(grouping: answers, by: \.question).sorted { $0.key < $1.key }.map(\.value)
      for length in lengths {
        guard (1...KineticsLoad.limit).contains(length) else {
          throw .invalid(field: "lengths", problem: "\(length) lies outside 1…\(KineticsLoad.limit)")
        }
        for attention in attentions {
          let kinetics = try Kinetics(model, attention: attention)
          for count in trials {
            var (cost, coverage) = (0.0, 0.0)
            for question in questions {
              let cut = question.map { min($0.length, length) }
              cost += try kinetics.meanCost(trials: count, prompt: prompt, answers: cut)
                .equivalent(intensity: intensity)
              let correct = question.count { $0.isCorrect && $0.length <= length }
              coverage += try PassAtK.estimate(samples: question.count, correct: correct, k: count)
            }
            let all = Double(questions.count)
            settings.append(
              Setting(
                model: name, trials: count, length: length, budget: attention.budget, cost: cost / all,
                coverage: coverage / all))
          }
        }
      }
    }
  }
}
