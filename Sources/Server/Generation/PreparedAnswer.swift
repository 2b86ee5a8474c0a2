import Inference
import Text

/// Generations that the engine has taken, and how their answers are written.
struct PreparedAnswer: Sendable {
  let form: any AnswerForm
  /// The generations of all choices, those of one prompt beside each other.
  let generations: [Generation]
  /// How many answers each prompt gets.
  let choices: Int
  let isStreamed: Bool
  /// Whether the answer tells of its tokens.
  let keepsTokens: Bool
  let vocabulary: Vocabulary
}

extension PreparedAnswer {
  /// Asks the engine for answers to prompts.
  ///
  /// Generations with a seed and several answers have seeds that follow each other, so that the answers differ and can be
  /// had again.
  ///
  /// - Parameter contextTokens: the most tokens of a prompt, which is known to have fewer, and its answer.
  /// - Throws: ``RequestFailure``; nothing is under way then.
  init(
    _ engine: Engine, _ prompts: [[Int32]], _ options: GenerationOptions, contextTokens: Int? = nil, choices: Int,
    isStreamed: Bool, form: any AnswerForm
  ) throws {
    try options.validate(vocabularySize: engine.model.description.vocabularySize)
    var generations: [Generation] = []
    for prompt in prompts {
      for choice in 0..<choices {
        var options = options
        options.seed = options.seed.map { $0 &+ UInt64(choice) }
        if let contextTokens { options.maxTokens = min(options.maxTokens ?? .max, contextTokens - prompt.count) }
        let generation = engine.session().generate(.tokens(prompt), options: options)
        if let refusal = generation.refusal {
          for other in generations { other.cancel() }
          throw Self.failure(refusal, engine)
        }
        generations.append(generation)
      }
    }
    self.init(
      form: form, generations: generations, choices: choices, isStreamed: isStreamed,
      keepsTokens: options.logProbabilities != nil, vocabulary: engine.tokenizer.vocabulary)
  }

  /// What a refusal means; an engine with too much to do says when there may be room.
  private static func failure(_ refusal: any Error, _ engine: Engine) -> RequestFailure {
    var failure = RequestFailure(refusal)
    if failure.retryAfter != nil {
      let wait = engine.statistics.waitSeconds
      failure.retryAfter = Int(min(60, max(1, wait.isFinite ? wait : 60)).rounded(.up))
    }
    return failure
  }
}
