// Elucidating the Design Space of FP4 training (2025), https://arxiv.org/abs/2509.17791: what a recipe of stabilisers costs on a
// device whose products are faster in four bits, and what is left of the gain.
import Costs

/// The time of a layer's three products in four bits, and of bringing their operands there.
///
/// Each operand is read once in 16 bits, and written in both of its blockings; its arithmetic overlaps with that traffic.
public struct FP4TrainingPrediction: Sendable, Hashable {
  /// What a recipe does to each element, in operations of the device's vector units.
  public struct Recipe: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// The elements of a turned block; 0 where operands are not turned.
    public var hadamard: Int
    /// Whether gradients are rounded by chance.
    public var isStochastic: Bool
    /// Whether there is a scale of the whole tensor: one more read to find its maximum.
    public var hasTensorScale: Bool
    /// The elements of a block.
    public var block: Int
    /// Operations of a gradient estimator for each element of inputs and weights.
    public var estimator: Double

    /// A recipe from its parts.
    public init(
      _ name: String, hadamard: Int = 0, isStochastic: Bool = false, hasTensorScale: Bool = false, block: Int = 32,
      estimator: Double = 0
    ) {
      self.name = name
      self.hadamard = hadamard
      self.isStochastic = isStochastic
      self.hasTensorScale = hasTensorScale
      self.block = block
      self.estimator = estimator
    }

    /// Adds of turning an element: 2 log₂ b, as the sheet counts a butterfly and its factor.
    public var turning: Double { hadamard > 1 ? 2 * Double(hadamard.trailingZeroBitCount) : 0 }
  }

  /// Maximum, product with the scale and conversion; devices with four bits have an instruction for the last.
  static let rounding = 3.0
  /// Random bits for an element: a block of Philox gives 128 bits in about 100 operations, 8 of them suffice.
  static let chance = 6.0

  /// The device, its 16-bit rate, vector rate and bandwidth.
  public let device: Device
  /// How many times the 16-bit rate its products in four bits have: 2 or 4.
  public let gain: Double

  /// A device with four bits at `gain` times its 16-bit rate.
  public init(on device: Device, gain: Double) {
    self.device = device
    self.gain = gain
  }

  /// Seconds of a layer over `rows` rows from `width` to `width`: products and operands.
  ///
  /// - Throws: ``PlannerError/unsupportedPrecision(_:device:)``.
  public func seconds(_ recipe: Recipe, rows: Double, width: Double) throws(PlannerError) -> Double {
    let (half, vector) = try rates()
    let (stream, matrix) = (rows * width, width * width)
    // x, gy and W, each in two blockings.
    let elements = 2 * (2 * stream + matrix)
    var operations = elements * (Self.rounding + recipe.turning)
    if recipe.isStochastic { operations += 2 * stream * Self.chance }
    operations += (stream + matrix) * recipe.estimator
    let bits = 4 + 8 / Double(recipe.block)
    let reads = recipe.hasTensorScale ? 4.0 : 2
    let bytes = elements / 2 * (reads + 2 * bits / 8)
    return products(rows, width) / (half * gain) + max(bytes / device.bandwidth.value, operations / vector)
  }

  /// Seconds in 16 bits: the products alone.
  ///
  /// - Throws: ``PlannerError/unsupportedPrecision(_:device:)``.
  public func halfSeconds(rows: Double, width: Double) throws(PlannerError) -> Double {
    products(rows, width) / (try rates().half)
  }

  /// Seconds in 8 bits: products at twice the 16-bit rate, operands read in 16 bits and written twice in 8.
  ///
  /// - Throws: ``PlannerError/unsupportedPrecision(_:device:)``.
  public func eightBitSeconds(rows: Double, width: Double) throws(PlannerError) -> Double {
    let (half, vector) = try rates()
    let elements = 2 * rows * width + width * width
    return products(rows, width) / (2 * half)
      + max(4 * elements / device.bandwidth.value, 2 * elements * Self.rounding / vector)
  }

  private func products(_ rows: Double, _ width: Double) -> Double { 6 * rows * width * width }

  /// 16-bit products, and single operations of vectors: a data sheet counts a multiply-add as two.
  private func rates() throws(PlannerError) -> (half: Double, vector: Double) {
    guard let half = device.compute[.f16] ?? device.compute[.bf16] else {
      throw .unsupportedPrecision(.f16, device: device.name)
    }
    guard let single = device.compute[.f32] else { throw .unsupportedPrecision(.f32, device: device.name) }
    return (half.value, single.value / 2)
  }

  /// Recipes from plain rounding to all stabilisers.
  public static let recipes = [
    Recipe("plain MXFP4"), Recipe("NVFP4", hasTensorScale: true, block: 16),
    Recipe("UE5M3, stochastic", isStochastic: true, block: 16),
    Recipe("Hadamard and stochastic", hadamard: 16, isStochastic: true, block: 16),
    Recipe("Hadamard, stochastic, tensor scale", hadamard: 16, isStochastic: true, hasTensorScale: true, block: 16),
    Recipe(
      "the same with a power estimator", hadamard: 16, isStochastic: true, hasTensorScale: true, block: 16,
      estimator: 26 + 4 * 4),
  ]
}
