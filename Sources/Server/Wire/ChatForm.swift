import Formats
import Inference
import Text

/// Answers of `POST /v1/chat/completions`.
struct ChatForm: ChunkForm {
  let header: AnswerHeader
  let vocabulary: Vocabulary
  /// Whether log-probabilities were asked for.
  let hasLogProbabilities: Bool
  let includesUsage: Bool

  let object = "chat.completion"
  let chunkObject = "chat.completion.chunk"

  func choice(_ answer: ChoiceAnswer, index: Int) -> JSON {
    let (text, calls) = (answer.text, answer.calls)
    var message = [
      JSON.Member("role", "assistant"), JSON.Member("content", text.isEmpty && !calls.isEmpty ? .null : .string(text)),
      JSON.Member("refusal", .null),
    ]
    if !calls.isEmpty {
      let list = calls.map { call -> JSON in
        ["id": .string(call.id), "type": "function", "function": Self.function(call.name, call.arguments)]
      }
      message.append(JSON.Member("tool_calls", .array(list)))
    }
    return [
      "index": .integer(index), "message": .object(message), "logprobs": logProbabilities(answer.tokens),
      "finish_reason": .string(answer.finishReason),
    ]
  }

  func stream(of index: Int) -> any ChoiceStream { Stream(form: self, index: index) }

  private struct Stream: ChoiceStream {
    let form: ChatForm
    let index: Int

    func opening() -> [ServerEvent] { [event(["role": "assistant", "content": ""])] }

    func say(_ part: AnswerPart, tokens: [GeneratedToken]) -> [ServerEvent] {
      let delta: JSON
      switch part {
      case .text(let text): delta = ["content": .string(text)]
      case .call(let number, let id, let name):
        delta = Self.call(
          number,
          [
            JSON.Member("id", .string(id)), JSON.Member("type", "function"),
            JSON.Member("function", ChatForm.function(name, "")),
          ])
      case .arguments(let number, let text):
        delta = Self.call(number, [JSON.Member("function", ["arguments": .string(text)])])
      // The next call, or the reason why the answer ends, says as much.
      case .callEnd: return tokens.isEmpty ? [] : [event([:], tokens)]
      }
      return [event(delta, tokens)]
    }

    func ending(_ answer: ChoiceAnswer, tokens: [GeneratedToken]) -> [ServerEvent] {
      [event([:], tokens, reason: .string(answer.finishReason))]
    }

    private static func call(_ number: Int, _ members: [JSON.Member]) -> JSON {
      ["tool_calls": [.object([JSON.Member("index", .integer(number))] + members)]]
    }

    private func event(_ delta: JSON, _ tokens: [GeneratedToken]? = nil, reason: JSON = .null) -> ServerEvent {
      // The end tells of tokens only where some are left.
      let isTold = tokens.map { reason == .null || !$0.isEmpty } ?? false
      let likelihoods = isTold ? form.logProbabilities(tokens ?? []) : .null
      return form.chunk(["index": .integer(index), "delta": delta, "logprobs": likelihoods, "finish_reason": reason])
    }
  }

  private static func function(_ name: String, _ arguments: String) -> JSON {
    ["name": .string(name), "arguments": .string(arguments)]
  }

  private func logProbabilities(_ tokens: [GeneratedToken]) -> JSON {
    guard hasLogProbabilities else { return .null }
    return ["content": .array(tokens.map { TokenText.entry($0, vocabulary) }), "refusal": .null]
  }
}
