#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What stands for the derivative of rounding to four bits, which is 0 nearly everywhere: that of a smoother function q̃.
public enum GradientEstimator: Sendable, Hashable {
  /// 1 everywhere (Bengio, Léonard, Courville: Estimating or propagating gradients through stochastic neurons, 2013).
  case straightThrough
  /// 1 up to ±6, 0 beyond.
  case clipped
  /// Between two levels around their middle m at a distance Δ: q̃ = m + Δ/2 · sign(z) |z|^(1/κ), z = 2(u − m)/Δ, its
  /// derivative at most `cap` (Wang et al.: Optimizing large language model training using FP4 quantization, 2025).
  case power(exponent: Float, cap: Float)
  /// Flat at the levels and straight across the middle `width` of the way between them.
  case linear(width: Float)
  /// A cubic from level to level, level at both: 3τ² − 2τ³.
  case spline

  /// The levels below and above a size up to 6.
  private static func neighbours(_ size: Float) -> (low: Float, step: Float) {
    let step: Float = size < 2 ? 0.5 : size < 4 ? 1 : 2
    return (Swift.min((size / step).rounded(.down) * step, FP4Payload.max - step), step)
  }

  /// q̃'(u).
  public func derivative(_ u: Float) -> Float {
    let size = u.magnitude
    if case .straightThrough = self { return 1 }
    if size > FP4Payload.max { return 0 }
    let (low, step) = Self.neighbours(size)
    let z = 2 * (size - low) / step - 1
    switch self {
    case .straightThrough, .clipped: return 1
    case .power(let exponent, let cap):
      return Swift.min(cap, powf(Swift.max(z.magnitude, 1e-20), 1 / exponent - 1) / exponent)
    case .linear(let width): return z.magnitude < width ? 1 / width : 0
    case .spline: return 1.5 * (1 - z * z)
    }
  }

  /// q̃(u), the function whose derivative ``derivative(_:)`` is but for the cap.
  public func relaxed(_ u: Float) -> Float {
    let size = u.magnitude
    if case .straightThrough = self { return u }
    if size >= FP4Payload.max { return u < 0 ? -FP4Payload.max : FP4Payload.max }
    let (low, step) = Self.neighbours(size)
    let z = 2 * (size - low) / step - 1
    let half: Float
    switch self {
    case .straightThrough, .clipped: half = z
    case .power(let exponent, _): half = Float(signOf: z, magnitudeOf: powf(z.magnitude, 1 / exponent))
    case .linear(let width): half = Swift.max(-1, Swift.min(1, z / width))
    case .spline: half = z * (3 - z * z) / 2
    }
    let value = low + step / 2 * (1 + half)
    return u < 0 ? -value : value
  }

  /// Operations for each element on the way back.
  public var operations: Double {
    switch self {
    case .straightThrough: 0
    case .clipped: 2
    case .linear: 8
    case .spline: 9
    case .power: 26  // A power is about 18 of them.
    }
  }

  /// Checks the numbers.
  ///
  /// - Throws: ``DataError/invalidOption(field:value:expected:)``.
  public func validate() throws(DataError) {
    switch self {
    case .straightThrough, .clipped, .spline: break
    case .power(let exponent, let cap):
      if !(exponent >= 1 && exponent <= 100) {
        throw .invalidOption(field: "estimator.exponent", value: "\(exponent)", expected: "from 1 to 100")
      }
      if !(cap > 0 && cap <= 1000) {
        throw .invalidOption(field: "estimator.cap", value: "\(cap)", expected: "above 0, up to 1000")
      }
    case .linear(let width):
      if !(width > 0 && width <= 1) {
        throw .invalidOption(field: "estimator.width", value: "\(width)", expected: "above 0, up to 1")
      }
    }
  }
}

/// How a block's scale answers to its largest element on the way back.
public enum ScaleGradient: String, Sendable, Hashable, CaseIterable {
  /// Not at all.
  case none
  /// As if the scale were not rounded: ∂s/∂a = 1/6.
  case straightThrough
  /// As if it stayed in proportion to the element: ∂s/∂a = s/a.
  case relaxed

  /// Operations for each element on the way back.
  public var operations: Double { self == .none ? 0 : 5 }
}
