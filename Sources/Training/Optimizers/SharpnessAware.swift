import NumericTypes
import Tensors

/// Steps towards flat places: the gradient is taken where the loss is about highest within a radius of the weights
/// (Foret et al.: Sharpness-aware minimization for efficiently improving generalization, 2021).
///
/// With g at w: g at w + ρ g / (‖g‖ + 1e-12), over all parameters together, is what another optimizer steps with at w. Each
/// step takes two gradients. The state is the other optimizer's.
public final class SharpnessAware: Optimizer {
  /// The optimizer that takes the steps.
  public let base: any Optimizer
  /// ρ.
  public let radius: Double
  private let context: Context

  /// A climb of ρ = `radius` before each step of `base`.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public init(_ base: any Optimizer, radius: Double = 0.05, context: Context) throws(OptimizerError) {
    try check("SharpnessAware.radius", radius, .notNegative)
    self.base = base
    self.radius = radius
    self.context = context
  }

  /// The parameters that are changed, without frozen ones.
  public var parameters: [Parameter] { base.parameters }
  /// The number of steps taken so far, loaded ones included.
  public var stepCount: Int { base.stepCount }
  /// The state of the optimizer that takes the steps.
  public var state: [String: Tensor] { base.state }
  /// Takes over a saved state of the optimizer that takes the steps.
  ///
  /// - Throws: ``OptimizerError`` naming the entry that does not fit.
  public func load(_ state: [String: Tensor]) throws(OptimizerError) { try base.load(state) }

  /// Runs `body` with the weights that a model is evaluated with in the parameters' places, and puts the trained ones back.
  public func withEvaluationWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
    try base.withEvaluationWeights(body)
  }

  /// Takes a step at `rate`. Gradients are asked for twice.
  ///
  /// - Throws: ``OptimizerError``, or what `gradients` throws, with the weights as they were.
  public func step(rate: Double, gradients: () throws -> [String: Tensor]) throws {
    let second = try atTheTop(of: gradients(), gradients)
    try base.step(rate: rate) { second }
  }

  /// What `body` gives with the weights moved along `gradients`; they are put back as they were.
  private func atTheTop(
    of gradients: [String: Tensor], _ body: () throws -> [String: Tensor]
  ) throws -> [String: Tensor] {
    var slopes: [(weights: Tensor, slope: Tensor)] = []
    for parameter in parameters {
      guard let gradient = gradients[parameter.name] else { throw OptimizerError.missingGradient(parameter.name) }
      if gradient.shape != parameter.value.shape {
        throw OptimizerError.wrongGradient(
          name: parameter.name, found: gradient.shape, expected: parameter.value.shape)
      }
      slopes.append((parameter.value, context.contiguous(context.cast(gradient, to: .f32))))
    }
    let norm = slopes.reduce(0) { $0 + context.sumOfSquares($1.slope) }.squareRoot()
    let saved = slopes.map { context.copy($0.weights) }
    defer { for (old, (weights, _)) in zip(saved, slopes) { context.copy(old, over: weights) } }
    for (weights, slope) in slopes {
      let moved = context.floatCopy(weights)
      context.blend(slope, radius / (norm + 1e-12), into: moved, 1)
      context.copy(context.cast(moved, to: weights.dtype), over: weights)
    }
    return try body()
  }
}
