import NumericTypes
import Tensors

/// Momentum made orthogonal: the step of a matrix has singular values near 1, so every direction moves alike
/// (Jordan et al.: Muon: an optimizer for hidden layers in neural networks, 2024).
///
/// b ← b + (1 - μ)(g - b); u = b, or g + μ (b - g) for Nesterov's; X = u/‖u‖, then ``iterations`` times
/// X ← aX + (bA + cA²) X with A = XXᵀ; w ← w - rate · (λw + scale · X). Of tensors with more than two axes the last ones are
/// taken together. All products are f32, sums in the order of the engine's matrix product. Vectors and scalars, embeddings
/// and the last layer want another rule: ``ParameterGroup/muon(_:rest:auxiliary:muon:rateScale:)``.
public struct Muon: WeightDecayingRule {
  /// How large a step is.
  public enum Scaling: Sendable {
    /// √max(1, rows / columns), the author's.
    case spectral
    /// 0.2 √max(rows, columns): as large as AdamW's, whose rates can be kept
    /// (Liu et al.: Muon is scalable for LLM training, 2025).
    case likeAdamW
  }

  /// The name, for messages.
  public let name = "Muon"
  /// μ.
  public var momentum: Double
  /// Whether the gradient is looked at ahead.
  public var nesterov: Bool
  /// λ, apart from the gradient.
  public var weightDecay: Double
  /// Newton–Schulz iterations.
  public var iterations: Int
  /// a, b and c of the iteration's polynomial, chosen for small singular values to grow fast; they end between 0.7 and 1.2.
  public var coefficients: (Double, Double, Double)
  /// The least norm that is divided by.
  public var epsilon: Double
  /// How large a step is.
  public var scaling: Scaling

  /// The author's settings unless given.
  public init(
    momentum: Double = 0.95, nesterov: Bool = true, weightDecay: Double = 0.1, iterations: Int = 5,
    coefficients: (Double, Double, Double) = (3.4445, -4.7750, 2.0315), epsilon: Double = 1e-7,
    scaling: Scaling = .spectral
  ) {
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.iterations = iterations
    self.coefficients = coefficients
    self.epsilon = epsilon
    self.scaling = scaling
  }

  /// Checks the settings.
  ///
  /// - Throws: ``OptimizerError/invalidSetting(field:value:expected:)``.
  public func validate() throws(OptimizerError) {
    try check("Muon.momentum", momentum, .fraction)
    try check("Muon.weightDecay", weightDecay, .notNegative)
    try check("Muon.epsilon", epsilon, .positive)
    if iterations < 1 || iterations > 100 {
      throw .invalidSetting(field: "Muon.iterations", value: Double(iterations), expected: "from 1 to 100")
    }
    for (field, value) in zip(["a", "b", "c"], [coefficients.0, coefficients.1, coefficients.2])
    where !value.isFinite {
      throw .invalidSetting(field: "Muon.coefficients.\(field)", value: value, expected: "a finite number")
    }
  }

  /// What is kept for a parameter of `shape`.
  public func slots(for shape: Shape) -> [StateSlot] { [StateSlot("momentum", shape)] }

  /// Takes a step.
  public func update(_ update: Update) {
    let context = update.context
    let buffer = update.state[0]
    context.approach(update.gradient, by: 1 - momentum, buffer)
    let direction = context.copy(nesterov ? update.gradient : buffer)
    if nesterov { context.approach(buffer, by: momentum, direction) }
    let (rows, columns) = Self.matrix(update.weights.shape)
    let orthogonal = orthogonalized(direction.reshaped([rows, columns]), in: context)
    let scale =
      switch scaling {
      case .spectral: max(1, Double(rows) / Double(columns)).squareRoot()
      case .likeAdamW: 0.2 * Double(max(rows, columns)).squareRoot()
      }
    update.descend(orthogonal, rate: update.rate * scale, decay: weightDecay / scale)
  }

  /// The extents of a tensor as a matrix: the first axis, and the others together; a vector is a row.
  static func matrix(_ shape: Shape) -> (rows: Int, columns: Int) {
    shape.rank < 2 ? (1, shape.count) : (shape[0], shape.count / shape[0])
  }

  /// `x` [rows, columns] with singular values near 1, a fresh contiguous tensor.
  func orthogonalized(_ x: Tensor, in context: Context) -> Tensor {
    let isTall = x.shape[0] > x.shape[1]
    var x = context.copy(isTall ? x.transposed() : x)
    context.scale(x, by: Float(1 / max(context.sumOfSquares(x).squareRoot(), epsilon)))
    let (a, b, c) = coefficients
    for _ in 0..<iterations {
      let gram = context.matmul(x, x.transposed())
      let mixed = context.matmul(gram, gram)
      context.blend(gram, b, into: mixed, c)
      let next = context.matmul(mixed, x)
      context.blend(x, a, into: next, 1)
      x = next
    }
    return isTall ? context.copy(x.transposed()) : x
  }
}

extension ParameterGroup {
  /// Two groups: the tensors of `parameters` that have two axes or more, by ``Muon``; their vectors and scalars, and all of
  /// `rest` (embeddings, the last layer), by `auxiliary` with `rateScale` on the rate.
  public static func muon(
    _ parameters: [Parameter], rest: [Parameter] = [], auxiliary: any UpdateRule = AdamW(), muon: Muon = Muon(),
    rateScale: Double = 1
  ) -> [ParameterGroup] {
    let matrices = parameters.filter { $0.value.shape.rank >= 2 }
    let others = parameters.filter { $0.value.shape.rank < 2 } + rest
    return [
      ParameterGroup("muon", matrices, rule: muon),
      ParameterGroup("auxiliary", others, rule: auxiliary, rateScale: rateScale),
    ]
  }
}
