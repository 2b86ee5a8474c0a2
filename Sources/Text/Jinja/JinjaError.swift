/// Why a template cannot be compiled or rendered, and on which of its lines.
struct JinjaError: Error, Equatable {
  enum Reason: Equatable {
    /// The text is no template, or one with a construct that the engine does not know.
    case refused(String)
    /// A value cannot be used as the template does.
    case failed(String)
    /// The template called `raise_exception`.
    case raised(String)
    /// The template wants more than it is given.
    case budget(String, limit: Int)
  }

  var line: Int
  var reason: Reason

  var textError: TextError {
    switch reason {
    case .refused(let construct): .chatTemplateRefused(line: line, construct: construct)
    case .failed(let problem): .chatTemplateFailed(line: line, problem: problem)
    case .raised(let message): .chatTemplateRaised(line: line, message: message)
    case .budget(let what, let limit): .chatTemplateBudget(line: line, what: what, limit: limit)
    }
  }
}
