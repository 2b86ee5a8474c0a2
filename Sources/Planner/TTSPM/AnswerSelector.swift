/// Which of several answers to one problem counts, where nobody tells which are right.
public enum AnswerSelector: String, Sendable, CaseIterable {
  /// The answer that comes most often (self-consistency, arXiv 2203.11171).
  case majority
  /// The answer whose weights add up to most.
  case weighted
  /// The answer with the largest weight.
  case best

  /// An answer in a form in which equal ones are equal, and how much it is trusted: a verifier's score, or the chance of a token.
  public struct Candidate: Sendable, Hashable {
    /// The answer; `nil` where none was given.
    public var answer: String?
    /// How much it is trusted.
    public var weight: Double

    /// An answer and its weight.
    public init(_ answer: String?, weight: Double = 1) {
      self.answer = answer
      self.weight = weight
    }
  }

  /// The place of the first candidate with the answer that counts; `nil` where none gave one. Of answers that are level, the one that
  /// came first. A weight that is no number counts as 0.
  public func choice(of candidates: [Candidate]) -> Int? {
    var scores: [String: (place: Int, score: Double)] = [:]
    for (place, candidate) in candidates.enumerated() {
      guard let answer = candidate.answer else { continue }
      let weight = candidate.weight.isNaN ? 0 : candidate.weight
      guard let known = scores[answer] else {
        scores[answer] = (place, self == .majority ? 1 : weight)
        continue
      }
      switch self {
      case .majority: scores[answer]?.score = known.score + 1
      case .weighted: scores[answer]?.score = known.score + weight
      case .best: if weight > known.score { scores[answer] = (place, weight) }
      }
    }
    return scores.values.max { ($0.score, -$0.place) < ($1.score, -$1.place) }?.place
  }
}
