import CVenturi
import NumericTypes
import Tensors

/// Turns rows of f32 into rows of another type: nearest values for floats, and for block-quantised types the scales and
/// minima that lose least.
///
/// The loss of a block is Σ w (x − x̂)². With importance, w is that of the value's column times √(σ² + x²), where σ² is the
/// block's mean square; without, w is 1, or grows with the number for some types. Rows are independent, and every set of kernels makes the same bytes.
public struct RowEncoder: Sendable {
  /// The type that rows become.
  public let dtype: DType
  private enum Form: Sendable { case same, half, bfloat, blocks(vt_format) }
  private let form: Form
  nonisolated(unsafe) private let quantize: UnsafePointer<vt_quantize_kernels>
  nonisolated(unsafe) private let elementwise: UnsafePointer<vt_elementwise_kernels>

  /// The types that rows can become.
  public static let dtypes: [DType] = DType.allCases.filter { (try? RowEncoder($0)) != nil }

  /// An encoder to `dtype`.
  ///
  /// - Throws: ``CompressionError/unsupportedType(_:)``.
  public init(_ dtype: DType, kernels: KernelSet = .preferred) throws(CompressionError) {
    self.dtype = dtype
    switch dtype {
    case .f32: form = .same
    case .f16: form = .half
    case .bf16: form = .bfloat
    default:
      guard let format = Self.formats[dtype] else { throw .unsupportedType(dtype) }
      form = .blocks(format)
    }
    let isa = (kernels.isSupported ? kernels : .reference).isa
    quantize = vt_quantize_kernels_for(isa)
    elementwise = vt_elementwise_kernels_for(isa)
  }

  private static let formats: [DType: vt_format] = [
    .q4_0: VT_Q4_0, .q4_1: VT_Q4_1, .q5_0: VT_Q5_0, .q5_1: VT_Q5_1, .q8_0: VT_Q8_0, .q2_K: VT_Q2_K, .q3_K: VT_Q3_K,
    .q4_K: VT_Q4_K, .q5_K: VT_Q5_K, .q6_K: VT_Q6_K, .iq4_nl: VT_IQ4_NL, .iq4_xs: VT_IQ4_XS,
  ]

  /// Whether the type takes importance into account.
  public var usesImportance: Bool { if case .blocks = form { dtype != .q8_0 } else { false } }

  /// Encodes `rows` dense rows of `width` finite numbers.
  ///
  /// - Parameters:
  ///   - importance: `width` weights, from 1e-8 to 1; see ``Importance/weights(of:expert:)``.
  ///   - target: room for the encoded rows.
  /// - Precondition: `width` is a whole number of blocks.
  public func encode(
    rows: Int, width: Int, from source: UnsafePointer<Float>, importance: UnsafePointer<Float>?,
    to target: UnsafeMutableRawPointer
  ) {
    precondition(width.isMultiple(of: dtype.blockLength), "rows of \(width) are no whole \(dtype.displayName) blocks")
    let count = rows * width
    switch form {
    case .same: target.copyMemory(from: source, byteCount: count * 4)
    case .half: elementwise.pointee.f16_from_f32(Int64(count), source, target.assumingMemoryBound(to: UInt16.self))
    case .bfloat: elementwise.pointee.bf16_from_f32(Int64(count), source, target.assumingMemoryBound(to: UInt16.self))
    case .blocks(let format):
      let known = quantize.pointee.encode(format, Int64(rows), Int32(width), source, importance, target)
      precondition(known, "\(dtype.displayName) has no encoder")
    }
  }

  /// The first of `count` numbers that cannot be encoded: NaN, infinite, or beyond the type's range. Block-quantised types
  /// have no range: scales beyond what a half holds become its largest number.
  public func firstUnencodable(_ source: UnsafePointer<Float>, count: Int) -> Int? {
    let limit: Float =
      switch form {
      case .half: 65520
      case .bfloat: 0x1.FFp127
      case .same, .blocks: .infinity
      }
    let index = vt_first_beyond(Int64(count), source, limit)
    return index < 0 ? nil : Int(index)
  }
}
