import Tensors

/// Changes weights by their gradients, step after step. An optimizer is used by one thread at a time.
///
/// ```swift
/// for step in optimizer.stepCount..<steps {
///   let gradients = try model.gradients(of: batch(step))
///   try optimizer.step(gradients, rate: schedule.rate(at: step))
/// }
/// ```
public protocol Optimizer: AnyObject {
  /// The parameters that are changed, without frozen ones.
  var parameters: [Parameter] { get }
  /// The number of steps taken so far, loaded ones included.
  var stepCount: Int { get }

  /// Takes a step at `rate`. `gradients` gives the gradient of each parameter by name, at the weights as they are when it
  /// is called, as often as the method needs them.
  ///
  /// - Throws: ``OptimizerError`` for a wrong rate, or gradients that are missing, unknown or of another shape, before any
  ///   weight is changed; what `gradients` throws, with the weights as they were.
  func step(rate: Double, gradients: () throws -> [String: Tensor]) throws

  /// All that a later process needs to go on: tensors by name, `step` (i64) among them. They are the optimizer's own
  /// memory, changed by the next step: write or copy them before.
  var state: [String: Tensor] { get }

  /// Takes over a saved state; the steps that follow are those of the optimizer that saved it, to the last bit, when the
  /// weights are loaded too.
  ///
  /// - Throws: ``OptimizerError`` naming an entry that is missing, unknown, or of another shape or type; nothing is taken
  ///   over then.
  func load(_ state: [String: Tensor]) throws(OptimizerError)

  /// Runs `body` with the weights that a model is evaluated with in the parameters' places, and puts the trained ones back.
  func withEvaluationWeights<Result>(_ body: () throws -> Result) rethrows -> Result
}

extension Optimizer {
  /// Takes a step at `rate` with gradients that are known.
  ///
  /// - Throws: ``OptimizerError``, before any weight is changed.
  public func step(_ gradients: [String: Tensor], rate: Double) throws { try step(rate: rate) { gradients } }
}
