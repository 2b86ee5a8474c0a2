import Formats
import Inference
import Text

/// How the answers of a route are written, whole and as a stream.
protocol AnswerForm: Sendable {
  /// How the parts of a stream are told apart.
  var framing: EventStream.Framing { get }
  /// Whole answers, one for each choice.
  func whole(_ answers: [ChoiceAnswer], usage: AnswerUsage) -> JSON
  /// What a stream says of a choice before anything else, if something.
  func opening(index: Int) -> JSON?
  /// A piece of a choice.
  func piece(_ text: String, tokens: [GeneratedToken], index: Int, offset: Int) -> JSON
  /// The end of a choice.
  func ending(_ answer: ChoiceAnswer, tokens: [GeneratedToken], index: Int, offset: Int) -> JSON
  /// What a stream says when all choices have ended, if something.
  func closing(_ usage: AnswerUsage) -> JSON?
  /// What a stream says that ends too early.
  func failure(_ failure: RequestFailure) -> JSON
}
