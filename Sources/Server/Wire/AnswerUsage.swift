import Formats
import Inference

/// The tokens of an answer, all choices together; a prompt counts once however many answers it gets.
struct AnswerUsage: Sendable, Equatable {
  var promptTokens = 0
  var cachedTokens = 0
  var completionTokens = 0
  var acceptedTokens = 0
  var rejectedTokens = 0

  /// The sum over choices, of which `perPrompt` each belong to one prompt.
  init(_ usages: [Usage], perPrompt: Int) {
    for (index, usage) in usages.enumerated() {
      if index % perPrompt == 0 {
        promptTokens += usage.promptTokens
        cachedTokens += usage.cachedTokens
      }
      completionTokens += usage.completionTokens
      acceptedTokens += usage.acceptedTokens
      rejectedTokens += usage.draftedTokens - usage.acceptedTokens
    }
  }

  var json: JSON {
    [
      "prompt_tokens": .integer(promptTokens), "completion_tokens": .integer(completionTokens),
      "total_tokens": .integer(promptTokens + completionTokens),
      "prompt_tokens_details": ["cached_tokens": .integer(cachedTokens)],
      "completion_tokens_details": [
        "accepted_prediction_tokens": .integer(acceptedTokens),
        "rejected_prediction_tokens": .integer(rejectedTokens),
      ],
    ]
  }
}
