import Inference
import Text

/// Generations that the engine has taken, and how their answers are written.
struct PreparedAnswer: Sendable {
  let form: any AnswerForm
  /// The generations of all choices, those of one prompt beside each other.
  let generations: [Generation]
  /// How many answers each prompt gets.
  let choices: Int
  /// How many are drawn for those.
  let drawn: Int
  let isStreamed: Bool
  /// Whether the tokens of answers are kept: the answer tells of them, or is chosen by them.
  let keepsTokens: Bool
  /// How calls of tools are found, if there are tools.
  let tools: ToolReading?
  let vocabulary: Vocabulary

  /// Gives an engine what a request asks for.
  ///
  /// - Throws: ``RequestFailure``; nothing is under way then.
  init(_ request: some AnswerRequest, _ engine: Engine, model name: String, limits: RequestLimits) throws {
    let task = try request.task(engine, model: name, limits: limits)
    form = task.form
    choices = request.choices
    drawn = request.drawn
    var options = task.options
    // Which answers count is told by the chances of their tokens.
    if drawn > choices { options.logProbabilities = options.logProbabilities ?? 0 }
    generations = try Self.start(engine, task.prompts, options, choices: drawn)
    isStreamed = request.isStreamed
    keepsTokens = options.logProbabilities != nil
    tools = task.tools
    vocabulary = engine.tokenizer.vocabulary
  }

  /// Asks the engine for answers to prompts.
  ///
  /// Generations with a seed and several answers have seeds that follow each other, so that the answers differ and can be
  /// had again.
  ///
  /// - Throws: ``RequestFailure``; nothing is under way then.
  private static func start(
    _ engine: Engine, _ prompts: [[Int32]], _ options: GenerationOptions, choices: Int
  ) throws -> [Generation] {
    try options.validate(vocabularySize: engine.model.description.vocabularySize)
    var generations: [Generation] = []
    for prompt in prompts {
      for choice in 0..<choices {
        var options = options
        options.seed = options.seed.map { $0 &+ UInt64(choice) }
        let generation = engine.session().generate(.tokens(prompt), options: options)
        if let refusal = generation.refusal {
          for other in generations { other.cancel() }
          throw RequestFailure(refusal)
        }
        generations.append(generation)
      }
    }
    return generations
  }
}
