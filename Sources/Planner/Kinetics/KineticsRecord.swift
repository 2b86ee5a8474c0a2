/// One answer of a model to a question.
public struct KineticsRecord: Sendable, Hashable {
  /// The model's name.
  public var model: String
  /// The question.
  public var question: String
  /// Tokens of the answer.
  public var length: Int
  /// Whether it is right.
  public var isCorrect: Bool

  /// An answer.
  public init(model: String, question: String, length: Int, isCorrect: Bool) {
    self.model = model
    self.question = question
    self.length = length
    self.isCorrect = isCorrect
  }
}
