/// A stretch of an answer that has ended: what is said up to a call, or a call.
enum AnswerSegment: Sendable, Equatable {
  /// A tool that is called.
  struct Call: Sendable, Equatable {
    var id: String
    var name: String
    /// The arguments as the model wrote them.
    var arguments = ""
    /// Whether the answer did not break off within the arguments.
    var isWhole = false
  }

  case text(String)
  case call(Call)
}

extension [AnswerSegment] {
  /// The parts that the segments could have come in.
  var parts: [AnswerPart] {
    var calls = 0
    return flatMap { segment -> [AnswerPart] in
      guard case .call(let call) = segment else {
        if case .text(let text) = segment { return [.text(text)] }
        return []
      }
      defer { calls += 1 }
      return [
        .call(calls, id: call.id, name: call.name), .arguments(calls, call.arguments),
        .callEnd(calls, isWhole: call.isWhole),
      ]
    }
  }
}
