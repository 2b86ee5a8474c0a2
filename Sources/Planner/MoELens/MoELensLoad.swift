/// Requests that are all there at the beginning, as in batch inference.
public struct MoELensLoad: Sendable, Hashable {
  /// Tokens of a prompt, p.
  public let prompt: Int
  /// Tokens of an answer, g.
  public let answer: Int
  /// Requests, K.
  public let requests: Int

  /// The most tokens of a prompt or an answer.
  static let tokenLimit = 1 << 24
  /// The most tokens of all answers: a simulated pass gives at least one.
  static let answerLimit = 1 << 30

  /// Requests of one size.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts below one or too large to simulate.
  public init(prompt: Int, answer: Int, requests: Int) throws(PlannerError) {
    for (field, tokens) in [("prompt", prompt), ("answer", answer)] where !(1...Self.tokenLimit).contains(tokens) {
      throw .invalid(field: field, problem: "\(tokens) tokens lie outside 1…2²⁴")
    }
    guard requests >= 1, requests <= Self.answerLimit / answer else {
      throw .invalid(field: "requests", problem: "\(requests) × \(answer) tokens lie outside 1…2³⁰")
    }
    self.prompt = prompt
    self.answer = answer
    self.requests = requests
  }
}
