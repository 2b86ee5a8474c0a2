/// A bfloat16 as its bits: the upper half of a binary32.
public struct BFloat16: Sendable, Hashable {
  /// The 16 bits: sign, 8 of exponent, 7 of fraction.
  public var bitPattern: UInt16

  /// A value from its bits.
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The value nearest to `value`, ties to even; NaN stays NaN.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x40
    } else {
      bitPattern = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }
  }

  /// The exact value as binary32.
  public var float: Float { Float(bitPattern: UInt32(bitPattern) << 16) }
}

/// The exact binary32 value of IEEE binary16 bits; portable, so that targets without `Float16` agree.
public func floatFromHalf(bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let exponent = UInt32(bits >> 10) & 0x1F
  let fraction = UInt32(bits & 0x3FF)
  switch exponent {
  case 0:
    let magnitude = Float(fraction) * 0x1p-24
    return Float(bitPattern: sign | magnitude.bitPattern)
  case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}

/// The IEEE binary16 bits nearest to a value, ties to even; NaN stays NaN.
public func halfBits(of value: Float) -> UInt16 {
  let bits = value.bitPattern
  let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
  let magnitude = value.magnitude
  if value.isNaN { return sign | 0x7E00 }
  if magnitude >= 65520 { return sign | 0x7C00 }
  // Below the normal numbers the steps are 2^-24: the product is exact, and rounding gives the fraction.
  if magnitude < 0x1p-14 { return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven)) }
  // Dropping 13 bits of the fraction, the carry goes into the exponent where it must.
  let rounded = (bits & 0x7FFF_FFFF) &+ 0xFFF &+ ((bits >> 13) & 1)
  return sign | UInt16(truncatingIfNeeded: (rounded >> 13) &- (112 << 10))
}
