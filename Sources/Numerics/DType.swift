/// The element types of a tensor: plain scalars, and the block-quantised types of the GGUF family.
///
/// A block-quantised row is a run of fixed-size blocks; only whole blocks exist, so a row's length is a multiple of
/// ``blockLength``.
public enum DType: String, Sendable, Hashable, CaseIterable, Codable {
  case f32, f64, f16, bf16
  case i8, i16, i32, i64
  case bool
  case q4_0, q4_1, q5_0, q5_1, q8_0
  case q4_K, q5_K, q6_K

  /// The number of elements that one block holds: 1 for plain scalars.
  public var blockLength: Int {
    switch self {
    case .f32, .f64, .f16, .bf16, .i8, .i16, .i32, .i64, .bool: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
    case .q4_K, .q5_K, .q6_K: 256
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
    case .q4_K: 2 + 2 + 12 + 128
    case .q5_K: 2 + 2 + 12 + 32 + 128
    case .q6_K: 128 + 64 + 16 + 2
    }
  }

  /// Whether elements are stored in blocks that share scales.
  public var isBlockQuantized: Bool { blockLength > 1 }

  /// Whether elements are floating-point scalars.
  public var isFloatingPoint: Bool { self == .f32 || self == .f64 || self == .f16 || self == .bf16 }

  /// The average number of bits an element takes.
  public var bitsPerElement: Double { Double(blockBytes * 8) / Double(blockLength) }

  /// The type's name as model files and users write it, for example `Q4_K` or `F16`.
  public var displayName: String {
    switch self {
    case .q4_K: "Q4_K"
    case .q5_K: "Q5_K"
    case .q6_K: "Q6_K"
    default: rawValue.uppercased()
    }
  }

  /// The bytes that `count` elements take.
  ///
  /// - Throws: ``NumericsError/partialBlock(dtype:count:)`` when `count` is not a whole number of blocks,
  ///   ``NumericsError/overflow(_:)`` when the size does not fit in an `Int`.
  public func byteCount(of count: Int) throws(NumericsError) -> Int {
    guard count >= 0, count.isMultiple(of: blockLength) else { throw .partialBlock(dtype: self, count: count) }
    return try checkedProduct(count / blockLength, blockBytes, "bytes of \(count) elements of \(displayName)")
  }
}
