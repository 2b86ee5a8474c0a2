import Inference

/// One answer that has ended.
struct ChoiceAnswer: Sendable {
  /// The answer.
  var completion: Completion
  /// What it says and what it calls, in order.
  var segments: [AnswerSegment]
  /// Its tokens, when they were asked for; not the one that ended it.
  var tokens: [GeneratedToken]

  /// What it says, calls left out.
  var text: String {
    segments.reduce(into: "") { all, segment in if case .text(let text) = segment { all += text } }
  }

  /// What it calls.
  var calls: [AnswerSegment.Call] {
    segments.compactMap { segment in if case .call(let call) = segment { call } else { nil } }
  }

  /// Whether it ended with calls, all of them whole, and not for want of room.
  var isCall: Bool {
    let calls = calls
    return completion.reason != .length && !calls.isEmpty && calls.allSatisfy(\.isWhole)
  }

  /// The word for why it ended.
  var finishReason: String {
    switch completion.reason {
    case .stop, .stopString: isCall ? "tool_calls" : "stop"
    case .length: "length"
    case .cancelled: "cancelled"
    }
  }
}
