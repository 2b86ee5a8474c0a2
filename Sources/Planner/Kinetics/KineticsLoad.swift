/// Trials of one question.
public struct KineticsLoad: Sendable, Hashable {
  /// Trials N.
  public var trials: Int
  /// Tokens of the prompt, shared by the trials.
  public var prompt: Int
  /// Tokens of each answer.
  public var answer: Int

  /// The most tokens.
  static let limit = 1 << 31

  /// Trials.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for trials outside 1…2²⁰, a prompt outside 0…2³¹ and an answer outside
  ///   1…2³¹ tokens.
  public init(trials: Int = 1, prompt: Int, answer: Int) throws(PlannerError) {
    guard (1...1 << 20).contains(trials) else {
      throw .invalid(field: "trials", problem: "\(trials) lies outside 1…\(1 << 20)")
    }
    guard (0...Self.limit).contains(prompt) else {
      throw .invalid(field: "prompt", problem: "\(prompt) lies outside 0…\(Self.limit)")
    }
    guard (1...Self.limit).contains(answer) else {
      throw .invalid(field: "answer", problem: "\(answer) lies outside 1…\(Self.limit)")
    }
    self.trials = trials
    self.prompt = prompt
    self.answer = answer
  }
}
