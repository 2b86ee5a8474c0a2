/// A 4-bit float, E2M1: a sign, two bits of exponent, one of mantissa; ±{0, 0.5, 1, 1.5, 2, 3, 4, 6}.
public enum FP4Payload {
  /// The largest value.
  public static let max: Float = 6
  /// The values of the codes 0 to 7; those of 8 to 15 are their negatives.
  public static let values: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]

  /// The value of a code's four low bits.
  public static func decode(_ code: UInt8) -> Float {
    let value = values[Int(code & 7)]
    return code & 8 == 0 ? value : -value
  }

  /// The code of a value that ``round(_:)`` or ``round(_:chance:)`` gave.
  public static func encode(_ value: Float) -> UInt8 {
    let size = value.magnitude
    // Codes up to 4 go in steps of ½.
    let code: UInt8 = size <= 2 ? UInt8(2 * size) : size <= 3 ? 5 : size <= 4 ? 6 : 7
    return value.sign == .minus ? code | 8 : code
  }

  /// The distance between neighbours around a size.
  @inline(__always)
  static func step(_ size: Float) -> Float { size < 2 ? 0.5 : size < 4 ? 1 : 2 }

  /// The nearest value, ties to the even code; beyond ±6 that is ±6.
  @inline(__always)
  public static func round(_ x: Float) -> Float {
    let size = Swift.min(x.magnitude, max)
    let step = step(size)
    return copysign((size / step).rounded(.toNearestOrEven) * step, x)
  }

  /// One of the two neighbours by chance, so that the mean is x within ±6; beyond that ±6.
  ///
  /// - Parameter chance: even in [0, 1), another for each element.
  @inline(__always)
  public static func round(_ x: Float, chance: Float) -> Float {
    let size = Swift.min(x.magnitude, max)
    let step = step(size)
    return copysign(Swift.min((size / step + chance).rounded(.down) * step, max), x)
  }

  @inline(__always)
  private static func copysign(_ size: Float, _ sign: Float) -> Float {
    Float(signOf: sign, magnitudeOf: size)
  }
}
