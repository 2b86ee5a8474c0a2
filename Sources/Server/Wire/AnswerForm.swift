import Formats
import Inference
import Text

/// How the answers of a route are written, whole and as a stream of chunks.
protocol AnswerForm: Sendable {
  /// What all chunks and the whole answer begin with.
  var header: AnswerHeader { get }
  /// The name of the object that a whole answer is.
  var object: String { get }
  /// The name of the object that a chunk is.
  var chunkObject: String { get }
  /// A whole answer to one prompt.
  func choice(_ answer: ChoiceAnswer, index: Int) -> JSON
  /// What a stream says of a choice before anything else, if something.
  func opening(index: Int) -> JSON?
  /// A piece of a choice.
  func piece(_ text: String, tokens: [GeneratedToken], index: Int, offset: Int) -> JSON
  /// The end of a choice.
  func ending(_ answer: ChoiceAnswer, tokens: [GeneratedToken], index: Int, offset: Int) -> JSON
}

extension AnswerForm {
  /// A whole answer.
  func whole(_ answers: [ChoiceAnswer], usage: AnswerUsage) -> JSON {
    let choices = answers.enumerated().map { choice($1, index: $0) }
    return .object(
      header.members(object) + [JSON.Member("choices", .array(choices)), JSON.Member("usage", usage.json)])
  }

  /// A chunk; with `usage` every chunk but the last says that there is none yet.
  func chunk(_ choices: [JSON], usage: AnswerUsage?, includesUsage: Bool) -> JSON {
    var members = header.members(chunkObject) + [JSON.Member("choices", .array(choices))]
    if includesUsage { members.append(JSON.Member("usage", usage?.json ?? .null)) }
    return .object(members)
  }
}
