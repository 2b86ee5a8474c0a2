import Inference

/// One answer that has ended.
struct ChoiceAnswer: Sendable {
  /// The answer.
  var completion: Completion
  /// Its tokens, when they were asked for; not the one that ended it.
  var tokens: [GeneratedToken]

  /// The word for why it ended.
  var finishReason: String {
    switch completion.reason {
    case .stop, .stopString: "stop"
    case .length: "length"
    case .cancelled: "cancelled"
    }
  }
}
