import Formats

/// The form of the OpenAI interface's older routes: a list of choices, and a stream of chunks of the same shape.
protocol ChunkForm: AnswerForm {
  /// What all chunks and the whole answer begin with.
  var header: AnswerHeader { get }
  /// The name of the object that a whole answer is.
  var object: String { get }
  /// The name of the object that a chunk is.
  var chunkObject: String { get }
  /// Whether a stream ends with the tokens that were used.
  var includesUsage: Bool { get }
  /// A whole answer to one prompt.
  func choice(_ answer: ChoiceAnswer, index: Int) -> JSON
}

extension ChunkForm {
  func whole(_ answers: [ChoiceAnswer], usage: AnswerUsage) -> JSON {
    let choices = answers.enumerated().map { choice($1, index: $0) }
    return .object(
      header.members(object) + [JSON.Member("choices", .array(choices)), JSON.Member("usage", usage.json)])
  }

  /// A chunk; where usage was asked for, every chunk but the last says that there is none yet.
  func chunk(_ choice: JSON?, usage: AnswerUsage? = nil) -> ServerEvent {
    var members = header.members(chunkObject) + [JSON.Member("choices", .array(choice.map { [$0] } ?? []))]
    if includesUsage { members.append(JSON.Member("usage", usage?.json ?? .null)) }
    return ServerEvent(.object(members))
  }

  func closing(_ usage: AnswerUsage) -> [ServerEvent] {
    (includesUsage ? [chunk(nil, usage: usage)] : []) + [.done]
  }

  func failure(_ failure: RequestFailure) -> ServerEvent { ServerEvent(failure.json) }
}
