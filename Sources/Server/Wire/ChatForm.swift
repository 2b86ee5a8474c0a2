import Formats
import Inference
import Text

/// Answers of `POST /v1/chat/completions`.
struct ChatForm: AnswerForm {
  let header: AnswerHeader
  let vocabulary: Vocabulary
  /// Whether log-probabilities were asked for.
  let hasLogProbabilities: Bool

  let object = "chat.completion"
  let chunkObject = "chat.completion.chunk"

  func choice(_ answer: ChoiceAnswer, index: Int) -> JSON {
    [
      "index": .integer(index),
      "message": ["role": "assistant", "content": .string(answer.completion.text), "refusal": .null],
      "logprobs": logProbabilities(answer.tokens), "finish_reason": .string(answer.finishReason),
    ]
  }

  func opening(index: Int) -> JSON? {
    part(["role": "assistant", "content": ""], .null, .null, index)
  }

  func piece(_ text: String, tokens: [GeneratedToken], index: Int, offset: Int) -> JSON {
    part(["content": .string(text)], logProbabilities(tokens), .null, index)
  }

  func ending(_ answer: ChoiceAnswer, tokens: [GeneratedToken], index: Int, offset: Int) -> JSON {
    part([:], tokens.isEmpty ? .null : logProbabilities(tokens), .string(answer.finishReason), index)
  }

  private func part(_ delta: JSON, _ logProbabilities: JSON, _ reason: JSON, _ index: Int) -> JSON {
    ["index": .integer(index), "delta": delta, "logprobs": logProbabilities, "finish_reason": reason]
  }

  private func logProbabilities(_ tokens: [GeneratedToken]) -> JSON {
    guard hasLogProbabilities else { return .null }
    let content = tokens.map { token -> JSON in
      let likeliest = token.alternatives.map {
        .object(TokenText.members($0.id, $0.logProbability, vocabulary)) as JSON
      }
      let own = TokenText.members(token.id, token.logProbability ?? -.infinity, vocabulary)
      return .object(own + [JSON.Member("top_logprobs", .array(likeliest))])
    }
    return ["content": .array(content), "refusal": .null]
  }
}
