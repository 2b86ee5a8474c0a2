import Inference

/// What a route that answers prompts is asked, in the form of its interface.
protocol AnswerRequest: Sendable {
  /// Reads a body.
  ///
  /// - Throws: ``RequestFailure``.
  init(_ fields: FieldReader, limits: RequestLimits) throws(RequestFailure)
  var model: String? { get }
  /// How many answers each prompt gets.
  var choices: Int { get }
  /// How many are drawn for those.
  var drawn: Int { get }
  var isStreamed: Bool { get }
  /// What an engine has to do for it.
  ///
  /// - Throws: ``RequestFailure``; the engine's errors.
  func task(_ engine: Engine, model name: String, limits: RequestLimits) throws -> AnswerTask
}

extension AnswerRequest {
  /// None beside those that are given.
  var drawn: Int { choices }
}
