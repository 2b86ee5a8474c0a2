import Formats
import Inference
import Text

/// Answers of `POST /v1/chat/completions`.
struct ChatForm: ChoicesForm {
  let header: AnswerHeader
  let vocabulary: Vocabulary
  /// Whether log-probabilities were asked for.
  let hasLogProbabilities: Bool
  let includesUsage: Bool

  let object = "chat.completion"
  let chunkObject = "chat.completion.chunk"

  func choice(_ answer: ChoiceAnswer, index: Int) -> JSON {
    [
      "index": .integer(index),
      "message": ["role": "assistant", "content": .string(answer.completion.text), "refusal": .null],
      "logprobs": logProbabilities(answer.tokens), "finish_reason": .string(answer.finishReason),
    ]
  }

  func openingChoice(_ index: Int) -> JSON? {
    part(["role": "assistant", "content": ""], .null, .null, index)
  }

  func pieceChoice(_ text: String, _ tokens: [GeneratedToken], _ index: Int, offset: Int) -> JSON {
    part(["content": .string(text)], logProbabilities(tokens), .null, index)
  }

  func endingChoice(_ answer: ChoiceAnswer, _ tokens: [GeneratedToken], _ index: Int, offset: Int) -> JSON {
    part([:], tokens.isEmpty ? .null : logProbabilities(tokens), .string(answer.finishReason), index)
  }

  private func part(_ delta: JSON, _ logProbabilities: JSON, _ reason: JSON, _ index: Int) -> JSON {
    ["index": .integer(index), "delta": delta, "logprobs": logProbabilities, "finish_reason": reason]
  }

  private func logProbabilities(_ tokens: [GeneratedToken]) -> JSON {
    guard hasLogProbabilities else { return .null }
    return ["content": .array(tokens.map { TokenText.entry($0, vocabulary) }), "refusal": .null]
  }
}
