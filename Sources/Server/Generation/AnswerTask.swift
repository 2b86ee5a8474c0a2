import Inference
import Text

/// What an engine has to do for a request.
struct AnswerTask: Sendable {
  var prompts: [[Int32]]
  var options: GenerationOptions
  /// How the answers are written.
  var form: any AnswerForm
  /// How calls of tools are found, if there are tools.
  var tools: ToolReading?

  init(prompts: [[Int32]], options: GenerationOptions, form: any AnswerForm) {
    self.prompts = prompts
    self.options = options
    self.form = form
  }

  /// A conversation with tools.
  ///
  /// - Parameter form: gets the number of the prompt's tokens.
  /// - Throws: ``RequestFailure``.
  init(
    _ prompt: ChatPrompt, _ options: GenerationOptions, _ fields: ToolFields, _ engine: Engine, limits: RequestLimits,
    form: (Int) -> any AnswerForm
  ) throws(RequestFailure) {
    var (options, tools) = (options, ToolReading?.none)
    if !fields.offered.isEmpty, let format = engine.template?.toolCallFormat {
      options.constraint = try fields.constraint(format) ?? options.constraint
      tools = ToolReading(fields, format, engine.tokenizer.vocabulary)
    }
    let tokens = try prompt.tokens(engine, limits: limits)
    self.init(prompts: [tokens], options: options, form: form(tokens.count))
    self.tools = tools
  }
}
