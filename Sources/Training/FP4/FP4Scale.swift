/// The 8-bit number by which a block's elements are multiplied.
public enum FP4Scale: String, Sendable, Hashable, CaseIterable {
  /// Powers of two, 2⁻¹²⁷ to 2¹²⁷; the code 255 is NaN (OCP Microscaling Formats 1.0, 2023).
  case e8m0
  /// A float of 4 bits of exponent and 3 of mantissa, its sign 0: 2⁻⁹ to 448; 127 is NaN.
  case e4m3
  /// A float without a sign, 5 bits of exponent with the bias 15 and 3 of mantissa: 2⁻¹⁷ to 114688; 255 is NaN.
  case ue5m3

  /// How a scale is rounded to one of the format.
  public enum Rounding: String, Sendable, Hashable, CaseIterable {
    /// As each format's own recipe has it: the nearest, and for powers of two 2^(⌊log₂ a⌋ − 2) of a block's largest
    /// element a, which may cut off what is above 6 scales.
    case standard
    /// The nearest, ties to the even code; of powers of two the standard's, which rounding again leaves as it is.
    case nearest
    /// The next one above: nothing is cut off.
    case up
    /// One of the neighbours by chance, so that the mean is the scale that was asked for.
    case stochastic
  }

  private var mantissaBits: Int { self == .e8m0 ? 0 : 3 }
  private var bias: Int {
    switch self {
    case .e8m0: 127
    case .e4m3: 7
    case .ue5m3: 15
    }
  }

  /// The code that is no number.
  public var nan: UInt8 { self == .e4m3 ? 127 : 255 }
  /// The largest code of a number; codes ascend with their values.
  var last: UInt8 { nan - 1 }
  /// The smallest code of a number above 0.
  var first: UInt8 { self == .e8m0 ? 0 : 1 }
  /// The largest value.
  public var max: Float { decode(last) }
  /// The smallest value above 0.
  public var min: Float { decode(first) }

  /// The value of a code. That of E4M3 with the high bit set is negative; no scale is.
  public func decode(_ code: UInt8) -> Float {
    if self == .e8m0 { return code == 255 ? .nan : Self.power(Int(code) - 127) }
    let bits = self == .e4m3 ? code & 127 : code
    if bits == nan { return .nan }
    let (exponent, mantissa) = (Int(bits >> 3), Float(bits & 7))
    let value =
      exponent == 0 ? mantissa / 8 * Self.power(1 - bias) : (1 + mantissa / 8) * Self.power(exponent - bias)
    return self == .e4m3 && code & 128 != 0 ? -value : value
  }

  /// 2^exponent, down to the subnormal 2⁻¹⁴⁹.
  private static func power(_ exponent: Int) -> Float {
    exponent >= -126
      ? Float(bitPattern: UInt32(exponent + 127) << 23) : Float(bitPattern: UInt32(1) << UInt32(exponent + 149))
  }

  /// The code for a block.
  ///
  /// - Parameters:
  ///   - scale: what it would be in the reals, its largest element over 6; not negative.
  ///   - largest: its largest element, for powers of two.
  ///   - rounding: which neighbour.
  ///   - chance: even in [0, 1), for ``Rounding/stochastic``.
  /// - Returns: a code of a number above 0, or that of NaN for what is not finite.
  public func encode(_ scale: Float, largest: Float, _ rounding: Rounding, chance: Float = 0) -> UInt8 {
    if !scale.isFinite || !largest.isFinite { return nan }
    if scale <= 0 { return first }
    if self == .e8m0, largest > 0, rounding == .standard || rounding == .nearest {
      return UInt8(clamping: Swift.min(254, Swift.max(0, Int(largest.exponent) - 2 + 127)))
    }
    if scale >= max { return last }
    if scale <= min { return first }
    let low = floorCode(scale)
    let (below, above) = (decode(low), decode(low + 1))
    if below == scale { return low }
    switch rounding {
    case .up: return low + 1
    case .stochastic: return chance < (scale - below) / (above - below) ? low + 1 : low
    case .standard, .nearest:
      let (down, rise) = (scale - below, above - scale)
      return down < rise || down == rise && low & 1 == 0 ? low : low + 1
    }
  }

  /// The largest code whose value is not above `scale`, which lies between the smallest value and the largest.
  private func floorCode(_ scale: Float) -> UInt8 {
    let exponent = Int(scale.exponent)
    if self == .e8m0 { return UInt8(exponent + 127) }
    let place = exponent + bias
    if place <= 0 { return UInt8(scale / Self.power(1 - bias) * 8) }
    return UInt8(place << 3) | UInt8((scale.significand - 1) * 8)
  }
}
