import NumericTypes

/// The bytes of an adapter's matrices as numbers, and back.
enum AdapterMatrix {
  /// f32, f16 or bf16 elements as f32.
  static func values(_ bytes: ByteView, _ dtype: DType, count: Int) -> [Float] {
    bytes.withUnsafeBytes { raw in
      [Float](unsafeUninitializedCapacity: count) { values, used in
        for index in 0..<count {
          switch dtype {
          case .f16:
            let bits = raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
            values[index] = floatFromHalf(bits: UInt16(littleEndian: bits))
          case .bf16:
            let bits = raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
            values[index] = BFloat16(bitPattern: UInt16(littleEndian: bits)).float
          default:
            let bits = raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
            values[index] = Float(bitPattern: UInt32(littleEndian: bits))
          }
        }
        used = count
      }
    }
  }

  /// Numbers as the elements of a file.
  static func bytes(_ values: [Float], _ dtype: DType) -> ByteView {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * dtype.blockBytes)
    for value in values {
      switch dtype {
      case .f16: bytes.append(littleEndian: halfBits(value))
      case .bf16: bytes.append(littleEndian: BFloat16(value).bitPattern)
      default: bytes.append(littleEndian: value.bitPattern)
      }
    }
    return ByteView(copying: bytes)
  }

  /// The binary16 nearest to a value, ties to even; NaN stays NaN.
  private static func halfBits(_ value: Float) -> UInt16 {
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
}
