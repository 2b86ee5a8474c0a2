import Formats
import Inference
import Text

/// Answers of `POST /v1/completions`.
struct CompletionForm: ChoicesForm {
  let header: AnswerHeader
  let vocabulary: Vocabulary
  /// Whether log-probabilities were asked for.
  let hasLogProbabilities: Bool
  let includesUsage: Bool

  let object = "text_completion"
  let chunkObject = "text_completion"

  func choice(_ answer: ChoiceAnswer, index: Int) -> JSON {
    part(answer.completion.text, logProbabilities(answer.tokens, 0), .string(answer.finishReason), index)
  }

  func openingChoice(_ index: Int) -> JSON? { nil }

  func pieceChoice(_ text: String, _ tokens: [GeneratedToken], _ index: Int, offset: Int) -> JSON {
    part(text, logProbabilities(tokens, offset), .null, index)
  }

  func endingChoice(_ answer: ChoiceAnswer, _ tokens: [GeneratedToken], _ index: Int, offset: Int) -> JSON {
    part("", tokens.isEmpty ? .null : logProbabilities(tokens, offset), .string(answer.finishReason), index)
  }

  private func part(_ text: String, _ logProbabilities: JSON, _ reason: JSON, _ index: Int) -> JSON {
    ["text": .string(text), "index": .integer(index), "logprobs": logProbabilities, "finish_reason": reason]
  }

  private func logProbabilities(_ tokens: [GeneratedToken], _ offset: Int) -> JSON {
    guard hasLogProbabilities else { return .null }
    var (offset, offsets) = (offset, [JSON]())
    for token in tokens {
      offsets.append(.integer(offset))
      offset += TokenText.length(token)
    }
    let likeliest = tokens.map { token -> JSON in
      .object(
        token.alternatives.map {
          JSON.Member(TokenText.text($0.id, vocabulary), TokenText.number($0.logProbability))
        })
    }
    return [
      "tokens": .array(tokens.map { .string(TokenText.text($0.id, vocabulary)) }),
      "token_logprobs": .array(tokens.map { TokenText.number($0.logProbability ?? -.infinity) }),
      "top_logprobs": .array(likeliest), "text_offset": .array(offsets),
    ]
  }
}
