import Formats
import Inference
import Text

/// Answers of `POST /v1/completions`.
struct CompletionForm: ChunkForm {
  let header: AnswerHeader
  let vocabulary: Vocabulary
  /// Whether log-probabilities were asked for.
  let hasLogProbabilities: Bool
  let includesUsage: Bool

  let object = "text_completion"
  let chunkObject = "text_completion"

  func choice(_ answer: ChoiceAnswer, index: Int) -> JSON {
    part(answer.text, logProbabilities(answer.tokens, 0), .string(answer.finishReason), index)
  }

  func stream(of index: Int) -> any ChoiceStream { Stream(form: self, index: index) }

  private struct Stream: ChoiceStream {
    let form: CompletionForm
    let index: Int
    /// The characters of the tokens that were told of.
    private var offset = 0

    init(form: CompletionForm, index: Int) {
      self.form = form
      self.index = index
    }

    func opening() -> [ServerEvent] { [] }

    mutating func say(_ part: AnswerPart, tokens: [GeneratedToken]) -> [ServerEvent] {
      // There are no tools on this route.
      guard case .text(let text) = part else { return [] }
      defer { for token in tokens { offset += TokenText.length(token) } }
      return [form.chunk(form.part(text, form.logProbabilities(tokens, offset), .null, index))]
    }

    func ending(_ answer: ChoiceAnswer, tokens: [GeneratedToken]) -> [ServerEvent] {
      let likelihoods = tokens.isEmpty ? .null : form.logProbabilities(tokens, offset)
      return [form.chunk(form.part("", likelihoods, .string(answer.finishReason), index))]
    }
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
