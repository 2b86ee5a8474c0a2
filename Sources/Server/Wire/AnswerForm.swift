import Formats

/// How the answers of a route are written, whole and as a stream of events.
protocol AnswerForm: Sendable {
  /// How the parts of a stream are told apart.
  var framing: EventStream.Framing { get }
  /// All answers, whole.
  func whole(_ answers: [ChoiceAnswer], usage: AnswerUsage) -> JSON
  /// What a stream says of one answer.
  func stream(of index: Int) -> any ChoiceStream
  /// What a stream says when all answers have ended.
  func closing(_ usage: AnswerUsage) -> [ServerEvent]
  /// What a stream says when it cannot go on.
  func failure(_ failure: RequestFailure) -> ServerEvent
}

extension AnswerForm {
  var framing: EventStream.Framing { .events }
}
