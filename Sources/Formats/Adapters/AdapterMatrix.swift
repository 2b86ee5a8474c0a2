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
      case .f16: bytes.append(littleEndian: halfBits(of: value))
      case .bf16: bytes.append(littleEndian: BFloat16(value).bitPattern)
      default: bytes.append(littleEndian: value.bitPattern)
      }
    }
    return ByteView(copying: bytes)
  }
}
