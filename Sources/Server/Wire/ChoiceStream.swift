import Inference

/// What a stream of events says of one answer, as the answer comes.
protocol ChoiceStream: Sendable {
  /// What is said before anything else.
  mutating func opening() -> [ServerEvent]
  /// A part of the answer, and the tokens that led to it if they are told of.
  mutating func say(_ part: AnswerPart, tokens: [GeneratedToken]) -> [ServerEvent]
  /// The end of the answer, and the tokens that no part was told with.
  mutating func ending(_ answer: ChoiceAnswer, tokens: [GeneratedToken]) -> [ServerEvent]
}
