import NumericTypes

/// Repeatable random numbers for files made in tests (SplitMix64; Steele, Lea, Flood 2014). It stands apart from the
/// engine's own generator, so that these files need no more than NumericTypes and Formats.
public struct GGUFNoise: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Numbers that depend on the seed only.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number between -1 and 1.
  public mutating func signed() -> Float { Float(Int64(bitPattern: next()) >> 40) * 0x1p-23 }

  /// A number from 0 to below `bound`.
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

  /// `count` random bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<max(count, 0)).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  /// The encoded values of `count` weights (whole blocks), most of them below `scale` · 2. Types with scales get scales
  /// that are of that size to a power of two; integers are random bits.
  public mutating func weights(_ count: Int, dtype: DType, scale: Float) -> [UInt8] {
    // The exponent e with 2^e about `scale`, as binary16 has it; -3 for a width of 64.
    let exponent = max(min(Int(scale.exponent), 0), -3)
    func half(_ power: Int, _ fraction: UInt16, negative: Bool = false) -> [UInt8] {
      let bits = UInt16(min(max(power + 15, 1), 30)) << 10 | fraction | (negative ? 0x8000 : 0)
      return [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
    }
    var result: [UInt8] = []
    result.reserveCapacity(count / dtype.blockLength * dtype.blockBytes)
    for _ in 0..<count / dtype.blockLength {
      let fraction = UInt16(truncatingIfNeeded: next()) & 0x3FF
      switch dtype {
      case .f32: result += GGUFBytes.u32((signed() * scale * 1.7).bitPattern)
      case .f64: result += GGUFBytes.u64(Double(signed() * scale * 1.7).bitPattern)
      case .bf16:
        let bits = BFloat16(signed() * scale * 1.7).bitPattern
        result += [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
      case .f16: result += half(exponent - below(4), fraction, negative: next() & 1 == 1)
      // A minimum of -8 (16) times the scale centres the four-bit (five-bit) values on zero.
      case .q4_0: result += half(exponent - 3, fraction) + bytes(16)
      case .q4_1: result += half(exponent - 3, fraction) + half(exponent, fraction, negative: true) + bytes(16)
      case .q5_0: result += half(exponent - 4, fraction) + bytes(20)
      case .q5_1: result += half(exponent - 4, fraction) + half(exponent, fraction, negative: true) + bytes(20)
      case .q8_0: result += half(exponent - 7, fraction) + bytes(32)
      case .q8_1: result += half(exponent - 7, fraction) + bytes(34)
      case .q2_K: result += bytes(80) + half(exponent - 6, fraction) + half(exponent - 5, fraction)
      case .q3_K: result += bytes(108) + half(exponent - 6, fraction)
      case .q4_K: result += half(exponent - 8, fraction) + half(exponent - 5, fraction) + bytes(140)
      case .q5_K: result += half(exponent - 9, fraction) + half(exponent - 5, fraction) + bytes(172)
      case .q6_K: result += bytes(208) + half(exponent - 11, fraction)
      case .q8_K: result += GGUFBytes.u32((scale / 128).bitPattern) + bytes(288)
      case .iq1_s: result += half(exponent - 3, fraction) + bytes(48)
      case .iq1_m:
        // A quarter of the scale lies in the top four bits of each of the last four words.
        result += bytes(48)
        let scale = half(exponent - 3, fraction)
        for nibble in [scale[0] << 4, scale[0] & 0xF0, scale[1] << 4, scale[1] & 0xF0] {
          result += [UInt8(truncatingIfNeeded: next()), nibble | UInt8(below(16))]
        }
      case .iq2_xxs, .iq2_xs, .iq2_s: result += half(exponent - 6, fraction) + bytes(dtype.blockBytes - 2)
      case .iq3_xxs, .iq3_s: result += half(exponent - 8, fraction) + bytes(dtype.blockBytes - 2)
      case .iq4_nl: result += half(exponent - 7, fraction) + bytes(16)
      case .iq4_xs: result += half(exponent - 11, fraction) + bytes(134)
      case .tq1_0, .tq2_0: result += bytes(dtype.blockBytes - 2) + half(exponent, fraction)
      case .q1_0, .q2_0: result += half(exponent - 1, fraction) + bytes(16)
      case .mxfp4: result += [UInt8(127 + exponent - 2)] + bytes(16)
      case .nvfp4: result += (0..<4).map { _ in UInt8((exponent + 5) << 3 | below(8)) } + bytes(32)
      case .i8, .i16, .i32, .i64, .bool: result += bytes(dtype.blockBytes)
      }
    }
    return result
  }
}
