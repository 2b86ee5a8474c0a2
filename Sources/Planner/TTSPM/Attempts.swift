/// Answers to one problem.
public struct Attempts: Sendable, Hashable, Codable {
  /// How many there are.
  public var samples: Int
  /// How many of them are right.
  public var correct: Int

  /// Answers.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for fewer than one, and for more right ones than there are.
  public init(samples: Int, correct: Int) throws(PlannerError) {
    guard (1...PassAtK.limit).contains(samples) else {
      throw .invalid(field: "samples", problem: "\(samples) lies outside 1…\(PassAtK.limit)")
    }
    guard (0...samples).contains(correct) else {
      throw .invalid(field: "correct", problem: "\(correct) of \(samples) samples")
    }
    self.samples = samples
    self.correct = correct
  }
}
