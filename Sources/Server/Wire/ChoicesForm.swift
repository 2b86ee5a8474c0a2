import Formats
import Inference

/// Answers as the OpenAI interface has them: objects, or chunks, with a list of choices.
protocol ChoicesForm: AnswerForm {
  /// What all chunks and the whole answer begin with.
  var header: AnswerHeader { get }
  /// The name of the object that a whole answer is.
  var object: String { get }
  /// The name of the object that a chunk is.
  var chunkObject: String { get }
  /// Whether a stream ends with its tokens.
  var includesUsage: Bool { get }
  /// A whole answer to one prompt.
  func choice(_ answer: ChoiceAnswer, index: Int) -> JSON
  /// What a chunk says of a choice before anything else, if something.
  func openingChoice(_ index: Int) -> JSON?
  /// A piece of a choice.
  func pieceChoice(_ text: String, _ tokens: [GeneratedToken], _ index: Int, offset: Int) -> JSON
  /// The end of a choice.
  func endingChoice(_ answer: ChoiceAnswer, _ tokens: [GeneratedToken], _ index: Int, offset: Int) -> JSON
}

extension ChoicesForm {
  var framing: EventStream.Framing { .events }

  func whole(_ answers: [ChoiceAnswer], usage: AnswerUsage) -> JSON {
    let choices = answers.enumerated().map { choice($1, index: $0) }
    return .object(
      header.members(object) + [JSON.Member("choices", .array(choices)), JSON.Member("usage", usage.json)])
  }

  func opening(index: Int) -> JSON? { openingChoice(index).map { chunk([$0]) } }

  func piece(_ text: String, tokens: [GeneratedToken], index: Int, offset: Int) -> JSON {
    chunk([pieceChoice(text, tokens, index, offset: offset)])
  }

  func ending(_ answer: ChoiceAnswer, tokens: [GeneratedToken], index: Int, offset: Int) -> JSON {
    chunk([endingChoice(answer, tokens, index, offset: offset)])
  }

  func closing(_ usage: AnswerUsage) -> JSON? { includesUsage ? chunk([], usage: usage) : nil }

  func failure(_ failure: RequestFailure) -> JSON { failure.json }

  /// A chunk; where usage is asked for, every chunk but the last says that there is none yet.
  private func chunk(_ choices: [JSON], usage: AnswerUsage? = nil) -> JSON {
    var members = header.members(chunkObject) + [JSON.Member("choices", .array(choices))]
    if includesUsage { members.append(JSON.Member("usage", usage?.json ?? .null)) }
    return .object(members)
  }
}
