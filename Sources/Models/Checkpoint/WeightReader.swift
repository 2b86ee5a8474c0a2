import Formats
import Layers
import Numerics
import Tensors

/// Reads a checkpoint's weights into the forms that layers take.
struct WeightReader {
  let checkpoint: Checkpoint
  let compute: ComputeMode
  let context: Context

  private static let matrixTypes = Set(DType.allCases.filter { $0.isBlockQuantized }).union([.f32, .f16, .bf16])
  private static let vectorTypes: Set<DType> = [.f32, .f16, .bf16]

  /// A tensor's elements as they lie there.
  ///
  /// - Throws: ``/Formats/FormatError`` when it is missing or has another shape or type; ``ModelError`` when its rows are no
  ///   whole, aligned blocks.
  func tensor(_ name: String, _ shape: Shape, _ types: Set<DType> = matrixTypes) throws -> Tensor {
    let found = try checkpoint.tensor(name, shape: shape, dtypes: types)
    do { return try found.values() } catch let error as TensorError {
      throw ModelError.tensorMismatch(
        name: name, expected: "\(shape) of whole, aligned blocks", found: "\(found.dtype.displayName): \(error)")
    }
  }

  /// A weight matrix [out, in], packed for the kernels; `precision` is the fast mode's.
  ///
  /// - Throws: as ``tensor(_:_:_:)``, and ``/Tensors/TensorError``.
  func linear(_ name: String, out: Int, in width: Int, precision: LinearPrecision = .bytes) throws -> PackedLinear {
    let rows = try tensor(name, [out, width])
    // Where 16-bit activations cost 8-bit weights nothing they are taken.
    let isFree = rows.dtype.takesWords && !context.kernelSet.hasByteProducts
    return PackedLinear(
      try PackedMatrix(name, packing: rows, context: context, releasingSource: true),
      precision: compute == .f32 ? .exact : isFree ? .refined : precision)
  }

  /// A vector of `count` numbers as f32, copied out of the file.
  ///
  /// - Throws: as ``tensor(_:_:_:)``.
  func vector(_ name: String, _ count: Int) throws -> Tensor {
    let inFile = try tensor(name, [count], Self.vectorTypes)
    let values = context.empty([count])
    decodeRow(inFile.dtype, count: count, from: inFile.pointer, to: values.pointer(as: Float.self))
    return values
  }

  /// A vector of `count` numbers as f32; nothing when there is none.
  ///
  /// - Throws: as ``tensor(_:_:_:)``.
  func vectorIfPresent(_ name: String, _ count: Int) throws -> Tensor? {
    checkpoint.tensorIfPresent(name) == nil ? nil : try vector(name, count)
  }
}
