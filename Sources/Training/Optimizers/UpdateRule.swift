import NumericTypes
import Tensors

/// How one parameter is changed by its gradient: the settings of an optimizer's formula. A program that uses the library
/// can bring its own.
///
/// A rule treats each parameter alone and gives the same bits for any number of threads.
public protocol UpdateRule: Sendable {
  /// The name, for messages.
  var name: String { get }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  func validate() throws(OptimizerError)

  /// What is kept for a parameter of `shape`.
  func slots(for shape: Shape) -> [StateSlot]

  /// Takes a step. The parameter has at least one element.
  func update(_ update: Update)

  /// The weights with which a model is evaluated, f32, where they are not the trained ones; `state` is in the order of the
  /// slots.
  func evaluationWeights(of weights: Tensor, state: [Tensor], in context: Context) -> Tensor?
}

extension UpdateRule {
  /// The trained weights are evaluated.
  public func evaluationWeights(of weights: Tensor, state: [Tensor], in context: Context) -> Tensor? { nil }
}
