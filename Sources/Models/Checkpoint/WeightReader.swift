import Formats
import Layers
import NumericTypes
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
    try packed(name, tensor(name, [out, width]), precision: precision)
  }

  /// Rows of the checkpoint's tensor `name` as a matrix for the kernels; `precision` is the fast mode's.
  ///
  /// - Throws: ``/Tensors/TensorError``.
  func packed(
    _ name: String, _ rows: Tensor, bias: Tensor? = nil, precision: LinearPrecision
  ) throws -> PackedLinear {
    PackedLinear(
      try PackedMatrix(name, packing: rows, context: context, releasingSource: true), bias: bias,
      precision: self.precision(precision, rows.dtype))
  }

  /// How products with weights of a type treat their input where the fast mode wants `precision`.
  private func precision(_ precision: LinearPrecision, _ dtype: DType) -> LinearPrecision {
    // Where 16-bit activations cost 8-bit weights nothing they are taken.
    let isFree = dtype.takesWordsFreely && !context.kernelSet.hasByteProducts
    return compute == .f32 ? .exact : isFree ? .refined : precision
  }

  /// A stack of weight matrices [count, out, in], packed for the kernels, and how they take their input.
  ///
  /// - Throws: as ``tensor(_:_:_:)``, and ``/Tensors/TensorError``.
  func stack(
    _ name: String, count: Int, out: Int, in width: Int, precision: LinearPrecision = .bytes
  ) throws -> (matrices: PackedMatrices, precision: LinearPrecision) {
    let stack = try tensor(name, [count, out, width])
    let matrices = try PackedMatrices(packing: stack, context: context, releasingSource: true)
    return (matrices, self.precision(precision, stack.dtype))
  }

  /// The first `count` of a tensor's rows [total, width] as f32, copied out of the file.
  ///
  /// - Throws: as ``tensor(_:_:_:)``.
  func rows(_ name: String, _ count: Int, of total: Int, width: Int) throws -> Tensor {
    let inFile = try tensor(name, [total, width], Self.vectorTypes)
    let values = context.empty([count, width])
    for row in 0..<count {
      decodeRow(
        inFile.dtype, count: width, from: inFile.pointer + row * width * inFile.dtype.blockBytes,
        to: values.pointer(as: Float.self) + row * width)
    }
    return values
  }

  /// Some rows of a matrix [rows in all, in], packed as ``linear(_:out:in:precision:)`` does.
  ///
  /// - Throws: as ``tensor(_:_:_:)``, and ``/Tensors/TensorError``.
  func linear(
    _ name: String, rows: Range<Int>, of all: Int, in width: Int, precision: LinearPrecision = .bytes
  ) throws -> PackedLinear {
    try packed(name, tensor(name, [all, width]).sliced(axis: 0, rows), precision: precision)
  }

  /// A small matrix of numbers as f32, copied out of the file.
  ///
  /// - Throws: as ``tensor(_:_:_:)``.
  func matrix(_ name: String, _ shape: Shape) throws -> Tensor {
    let inFile = try tensor(name, shape, Self.vectorTypes)
    let values = context.empty(shape)
    decodeRow(inFile.dtype, count: shape.count, from: inFile.pointer, to: values.pointer(as: Float.self))
    return values
  }

  /// Numbers as f32 under another shape than the file's, whose axes of one element do not count.
  ///
  /// - Throws: as ``tensor(_:_:_:)``.
  func flat(_ name: String, _ shape: Shape) throws -> Tensor {
    let found = try checkpoint.tensor(name)
    func core(_ shape: Shape) -> [Int] { shape.dimensions.filter { $0 != 1 } }
    let own = core(found.shape) == core(shape) ? found.shape : shape
    return try matrix(name, own).reshaped(shape)
  }

  /// A vector of `count` numbers as f32, copied out of the file.
  ///
  /// - Throws: as ``tensor(_:_:_:)``.
  func vector(_ name: String, _ count: Int) throws -> Tensor {
    try matrix(name, [count])
  }

  /// A vector of `count` numbers as f32, or of a part of them; nothing when there is none.
  ///
  /// - Throws: as ``tensor(_:_:_:)``.
  func vectorIfPresent(_ name: String, _ count: Int, part: Range<Int>? = nil) throws -> Tensor? {
    guard checkpoint.tensorIfPresent(name) != nil else { return nil }
    guard let part else { return try vector(name, count) }
    let inFile = try tensor(name, [count], Self.vectorTypes)
    let values = context.empty([part.count])
    decodeRow(
      inFile.dtype, count: part.count, from: inFile.pointer + part.lowerBound * inFile.dtype.blockBytes,
      to: values.pointer(as: Float.self))
    return values
  }
}
