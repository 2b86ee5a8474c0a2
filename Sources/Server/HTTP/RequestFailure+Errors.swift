import Formats
import Inference
import Text

extension RequestFailure {
  /// What an error of the engine means for the client that asked.
  ///
  /// - Parameters:
  ///   - error: any error.
  ///   - prompt: the field that holds the prompt.
  package init(_ error: any Error, prompt: String = "prompt") {
    switch error {
    case let failure as RequestFailure: self = failure
    case let error as JSONError: self = .malformed("\(error)")
    case let error as TextError: self = Self.meaning(error, prompt)
    case let error as InferenceError: self = Self.meaning(error, prompt)
    case is CancellationError, is AnswerReader.Stopped:
      self = .unavailable("the request was cancelled", code: "cancelled")
    default:
      self = RequestFailure(status: 500, type: "server_error", code: "internal_error", message: "\(error)")
    }
  }

  private static func meaning(_ error: TextError, _ prompt: String) -> RequestFailure {
    switch error {
    case .grammarMalformed, .grammarLeftRecursion, .grammarLimit, .schemaUnsupported, .schemaInvalid:
      .invalid("grammar", "\(error)")
    case .chatTemplateRaised, .chatTemplateFailed, .chatTemplateBudget: .invalid(prompt, "\(error)")
    case .tokenOutOfRange: .invalid("tokens", "\(error)")
    default: RequestFailure(status: 500, type: "server_error", code: "internal_error", message: "\(error)")
    }
  }

  private static func meaning(_ error: InferenceError, _ prompt: String) -> RequestFailure {
    switch error {
    case .contextExceeded, .promptTooLong: .invalid(prompt, "\(error)", code: "context_length_exceeded")
    case .emptyPrompt, .noChatTemplate: .invalid(prompt, "\(error)")
    case .tokenOutOfRange(let field, let id, let size):
      .invalid(wire(field), "token id \(id) is outside the vocabulary of \(size)")
    case .invalidOption(let field, let value, let problem): .invalid(wire(field), "\(value) \(problem)")
    case .overloaded(_, _, _, _, _, let seconds):
      .overloaded("\(error)", retryAfter: Int(min(60, max(1, seconds.isFinite ? seconds : 60)).rounded(.up)))
    case .unknownAdapter(let name, let known): .unknownModel(name, known: known)
    case .engineStopped: .unavailable("\(error)", code: "shutting_down")
    default: RequestFailure(status: 500, type: "server_error", code: "internal_error", message: "\(error)")
    }
  }

  /// The name that a field of the library has in requests.
  private static func wire(_ field: String) -> String {
    let names = [
      "maxTokens": "max_tokens", "topK": "top_k", "topP": "top_p", "minP": "min_p", "repeatPenalty": "repeat_penalty",
      "frequencyPenalty": "frequency_penalty", "presencePenalty": "presence_penalty", "logitBias": "logit_bias",
      "penaltyWindow": "repeat_last_n", "logProbabilities": "top_logprobs",
    ]
    let name = field.prefix { $0 != "[" }
    return (names[String(name)] ?? String(name)) + field.dropFirst(name.count)
  }
}
