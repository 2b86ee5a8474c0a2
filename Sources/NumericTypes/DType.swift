/// The element types of a tensor: plain scalars, and the block-quantised types of the GGUF family.
///
/// A block-quantised row is a run of fixed-size blocks; only whole blocks exist, so a row's length is a multiple of
/// ``blockLength``.
public enum DType: String, Sendable, Hashable, CaseIterable, Codable {
  case f32, f64, f16, bf16
  case i8, i16, i32, i64
  case bool
  case q4_0, q4_1, q5_0, q5_1, q8_0, q8_1
  case q2_K, q3_K, q4_K, q5_K, q6_K, q8_K
  case iq1_s, iq1_m, iq2_xxs, iq2_xs, iq2_s, iq3_xxs, iq3_s, iq4_nl, iq4_xs
  case tq1_0, tq2_0, q1_0, q2_0
  case mxfp4, nvfp4

  /// The number of elements that one block holds: 1 for plain scalars.
  public var blockLength: Int {
    switch self {
    case .f32, .f64, .f16, .bf16, .i8, .i16, .i32, .i64, .bool: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q8_1, .iq4_nl, .mxfp4: 32
    case .q2_0, .nvfp4: 64
    case .q1_0: 128
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .q8_K, .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s, .iq4_xs,
      .tq1_0, .tq2_0:
      256
    }
  }

  /// The bytes of one block: the element's size for plain scalars.
  public var blockBytes: Int {
    switch self {
    case .i8, .bool: 1
    case .f16, .bf16, .i16: 2
    case .f32, .i32: 4
    case .f64, .i64: 8
    case .q4_0: 2 + 16
    case .q4_1: 2 + 2 + 16
    case .q5_0: 2 + 4 + 16
    case .q5_1: 2 + 2 + 4 + 16
    case .q8_0: 2 + 32
    case .q8_1: 2 + 2 + 32
    case .q2_K: 16 + 64 + 2 + 2
    case .q3_K: 32 + 64 + 12 + 2
    case .q4_K: 2 + 2 + 12 + 128
    case .q5_K: 2 + 2 + 12 + 32 + 128
    case .q6_K: 128 + 64 + 16 + 2
    case .q8_K: 4 + 256 + 32
    case .iq1_s: 2 + 32 + 16
    case .iq1_m: 32 + 16 + 8
    case .iq2_xxs: 2 + 64
    case .iq2_xs: 2 + 64 + 8
    case .iq2_s: 2 + 64 + 8 + 8
    case .iq3_xxs: 2 + 64 + 32
    case .iq3_s: 2 + 64 + 8 + 32 + 4
    case .iq4_nl: 2 + 16
    case .iq4_xs: 2 + 2 + 4 + 128
    case .tq1_0: 48 + 4 + 2
    case .tq2_0: 64 + 2
    case .q1_0: 2 + 16
    case .q2_0: 2 + 16
    case .mxfp4: 1 + 16
    case .nvfp4: 4 + 32
    }
  }

  /// Whether elements are stored in blocks that share scales.
  public var isBlockQuantized: Bool { blockLength > 1 }

  /// Whether elements are floating-point scalars.
  public var isFloatingPoint: Bool { self == .f32 || self == .f64 || self == .f16 || self == .bf16 }

  /// The average number of bits an element takes.
  public var bitsPerElement: Double { Double(blockBytes * 8) / Double(blockLength) }

  /// The type's name as model files and users write it, for example `Q4_K` or `F16`.
  public var displayName: String { rawValue.uppercased() }

  /// The bytes that `count` elements take.
  ///
  /// - Throws: ``NumericsError/partialBlock(dtype:count:)`` when `count` is not a whole number of blocks,
  ///   ``NumericsError/overflow(_:)`` when the size does not fit in an `Int`.
  public func byteCount(of count: Int) throws(NumericsError) -> Int {
    guard count >= 0, count.isMultiple(of: blockLength) else { throw .partialBlock(dtype: self, count: count) }
    return try checkedProduct(count / blockLength, blockBytes, "bytes of \(count) elements of \(displayName)")
  }
}
