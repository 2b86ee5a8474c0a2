import Formats
import Models
import NumericTypes

/// Which type each tensor of a model becomes.
///
/// The mixtures are llama.cpp's, so that a file of a name is what users of that name expect: more bits for the values'
/// matrices, for the down projections of the first, the last and every third layer between, and for the output head or the
/// embedding that serves as one. A width that is no multiple of 256 takes a type with blocks of 32, and one that is none
/// of 32 F16.
public struct QuantizationPlan: Sendable {
  /// A tensor and what becomes of it.
  public struct Item: Sendable {
    /// The tensor.
    public let tensor: CheckpointTensor
    /// Its new type; its own where it stays as it is.
    public let target: DType
    /// The recipe's type, where the tensor's width does not allow it.
    public let unsuited: DType?
    /// Whether it stays as it is.
    public var isKept: Bool { target == tensor.dtype }
    /// The bytes that it will take.
    public var byteCount: Int { tensor.count / target.blockLength * target.blockBytes }
  }

  /// The tensors in the model's order.
  public let items: [Item]
  /// The bytes of all tensors as they will be.
  public var byteCount: Int { items.reduce(0) { $0 + $1.byteCount } }
  /// The elements of all tensors.
  public var parameters: Int { items.reduce(0) { $0 + $1.tensor.count } }
  /// The bits that an element takes on average.
  public var bitsPerWeight: Double { Double(byteCount) * 8 / Double(max(1, parameters)) }

  /// The plan for a model.
  ///
  /// - Throws: ``CompressionError/alreadyQuantized(tensor:type:)``, ``CompressionError/invalidOption(field:problem:)``,
  ///   ``CompressionError/unsupportedType(_:)``; ``/Formats/FormatError`` for metadata of the wrong type.
  public init(_ checkpoint: Checkpoint, options: QuantizationOptions) throws {
    for dtype in [options.recipe.dtype, options.embeddingType, options.outputType].compactMap(\.self) {
      _ = try RowEncoder(dtype)
    }
    let rules = try TypeRules(checkpoint, options: options)
    items = try checkpoint.tensors.map { tensor in
      let isFloat = tensor.dtype == .f32 || tensor.dtype == .f16 || tensor.dtype == .bf16
      if WeightRole.isKept(tensor.name, extents: tensor.shape.dimensions)
        || !(isFloat || tensor.dtype.isBlockQuantized)
      {
        return Item(tensor: tensor, target: tensor.dtype, unsuited: nil)
      }
      let wanted = rules.type(of: tensor)
      let target = Self.fitting(wanted, width: tensor.shape.last)
      if tensor.dtype.isBlockQuantized, target != tensor.dtype, !options.allowsRequantizing {
        throw CompressionError.alreadyQuantized(tensor: tensor.name, type: tensor.dtype)
      }
      _ = try RowEncoder(target)
      return Item(tensor: tensor, target: target, unsuited: target == wanted ? nil : wanted)
    }
  }

  /// `wanted`, or what stands for it in rows of `width`.
  static func fitting(_ wanted: DType, width: Int) -> DType {
    if width.isMultiple(of: wanted.blockLength) { return wanted }
    guard let narrow = wanted.narrow, width.isMultiple(of: narrow.blockLength) else { return .f16 }
    return narrow
  }
}
