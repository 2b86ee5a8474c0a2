/// What a service promises about each answer; what is not promised is `nil`. Seconds.
public struct ServiceObjective: Sendable, Hashable, Codable {
  /// To the first token.
  public var firstToken: Double?
  /// Between two tokens, on average over an answer.
  public var meanGap: Double?
  /// To the last token.
  public var lastToken: Double?

  /// An objective from its parts.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a time that is none.
  public init(firstToken: Double? = nil, meanGap: Double? = nil, lastToken: Double? = nil) throws(PlannerError) {
    for (field, seconds) in [("firstToken", firstToken), ("meanGap", meanGap), ("lastToken", lastToken)] {
      if let seconds, !(seconds > 0 && seconds < 1e9) {
        throw .invalid(field: field, problem: "\(seconds) lies outside 0…10⁹ s")
      }
    }
    self.firstToken = firstToken
    self.meanGap = meanGap
    self.lastToken = lastToken
  }

  /// Whether the answer keeps all of it.
  public func isMet(by answer: ServingReport.Answer) -> Bool {
    answer.firstToken <= firstToken ?? .infinity && answer.meanGap <= meanGap ?? .infinity
      && answer.lastToken <= lastToken ?? .infinity
  }
}

extension ServingReport {
  /// The part of requests that were answered and whose answers keep the objective; those still in the system do not
  /// count.
  public func attainment(_ objective: ServiceObjective) -> Double {
    let asked = answers.count + rejected
    return asked == 0 ? 1 : Double(answers.count { objective.isMet(by: $0) }) / Double(asked)
  }
}
