import Formats

/// How a model is trained with products of 4-bit floats: formats, roundings and what keeps them from harm.
public struct FP4Recipe: Sendable, Hashable {
  /// The products whose operands are turned: y = x Wᵀ, the input's gradient, the weight's.
  public struct Turned: OptionSet, Sendable, Hashable {
    /// One bit for each.
    public let rawValue: Int

    /// A set of products.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// y = x Wᵀ.
    public static let forward = Turned(rawValue: 1)
    /// gx = gy W.
    public static let inputGradient = Turned(rawValue: 2)
    /// gW = gyᵀ x.
    public static let weightGradient = Turned(rawValue: 4)
    /// All three.
    public static let all: Turned = [.forward, .inputGradient, .weightGradient]
  }

  /// How operands are held.
  public var format: FP4Format
  /// How layers' inputs are rounded in training.
  public var activations: FP4Quantizer.Rounding
  /// How weights are.
  public var weights: FP4Quantizer.Rounding
  /// How gradients of layers' outputs are.
  public var gradients: FP4Quantizer.Rounding
  /// The products whose operands are turned.
  public var turned: Turned
  /// The elements of a turned block.
  public var hadamardBlock: Int
  /// Whether signs are drawn anew for each batch.
  public var redrawsSigns: Bool
  /// The way back through the forward product's rounding.
  public var gradient: FP4Gradient
  /// What gradients are multiplied by before they are rounded, and divided by afterwards.
  public var lossScale: Float
  /// The part of an input's elements, the largest, that is cut off before rounding and multiplied beside it in f32: a sparse
  /// residual. 0 for none.
  public var outliers: Double
  /// Parts of the names of layers that stay in high precision.
  public var exactLayers: [String]

  /// Plain rounding to the nearest unless said otherwise.
  public init(
    _ format: FP4Format, activations: FP4Quantizer.Rounding = .nearest, weights: FP4Quantizer.Rounding = .nearest,
    gradients: FP4Quantizer.Rounding = .nearest, turned: Turned = [], hadamardBlock: Int = 32,
    redrawsSigns: Bool = true, gradient: FP4Gradient = FP4Gradient(.straightThrough), lossScale: Float = 1,
    outliers: Double = 0, exactLayers: [String] = []
  ) {
    self.format = format
    self.activations = activations
    self.weights = weights
    self.gradients = gradients
    self.turned = turned
    self.hadamardBlock = hadamardBlock
    self.redrawsSigns = redrawsSigns
    self.gradient = gradient
    self.lossScale = lossScale
    self.outliers = outliers
    self.exactLayers = exactLayers
  }

  /// MXFP4, rounded to the nearest, nothing else: where all others begin.
  public static let plain = FP4Recipe(.mxfp4)

  /// Checks the settings.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public func validate() throws(DataError) {
    try format.validate()
    try gradient.estimator.validate()
    if !turned.isEmpty { _ = try Hadamard(block: hadamardBlock, chance: .init(seed: 0, stream: 0)) }
    if !(lossScale > 0 && lossScale <= 0x1p64) {
      throw .invalidOption(field: "lossScale", value: "\(lossScale)", expected: "above 0, up to 2⁶⁴")
    }
    if !(outliers >= 0 && outliers <= 0.1) {
      throw .invalidOption(field: "outliers", value: "\(outliers)", expected: "from 0 to 0.1")
    }
  }
}
