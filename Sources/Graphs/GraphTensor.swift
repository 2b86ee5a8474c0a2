import Formats
import NumericTypes
import Tensors

/// A dense tensor of any ONNX element type, row-major without gaps.
///
/// Types below 8 bits take a byte for each element here. What the engine computes with is shared with a ``Tensor`` of
/// `Tensors`, without a copy.
public struct GraphTensor: Sendable {
  enum Content: Sendable {
    case bytes(Storage, offset: Int)
    case strings([String])
  }

  /// The element type.
  public let type: ONNXElementType
  /// The extents, outermost first.
  public let shape: [Int]
  let content: Content

  init(_ type: ONNXElementType, _ shape: [Int], _ content: Content) {
    self.type = type
    self.shape = shape
    self.content = content
  }

  /// The tensor of strings.
  ///
  /// - Precondition: as many strings as the shape has elements.
  public init(strings: [String], shape: [Int]) {
    precondition(strings.count == shape.reduce(1, *), "\(strings.count) strings for \(shape)")
    self.init(.string, shape, .strings(strings))
  }

  /// A contiguous tensor of the engine.
  ///
  /// - Precondition: the tensor is contiguous and not block-quantised.
  public init(_ tensor: Tensor) {
    guard let type = ONNXElementType(tensor.dtype), tensor.isContiguous else {
      preconditionFailure("no graph tensor of \(tensor.dtype.displayName) \(tensor.shape), strides \(tensor.strides)")
    }
    self.init(type, tensor.shape.dimensions, .bytes(tensor.storage, offset: tensor.byteOffset))
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The number of axes.
  public var rank: Int { shape.count }

  /// The strings of a string tensor; nothing for others.
  public var strings: [String]? { if case .strings(let strings) = content { strings } else { nil } }

  /// The elements as a tensor of the engine; nothing for types it does not compute with.
  public var tensor: Tensor? {
    guard let dtype = type.dtype, case .bytes(let storage, let offset) = content else { return nil }
    return try? Tensor(storage: storage, dtype: dtype, shape: Shape(shape), byteOffset: offset)
  }

  /// The same elements under another shape of as many.
  func reshaped(_ shape: [Int]) -> GraphTensor {
    precondition(shape.reduce(1, *) == count, "cannot reshape \(self.shape) to \(shape)")
    return GraphTensor(type, shape, content)
  }

  /// The same bits as another type of the same size.
  func relabelled(_ type: ONNXElementType) -> GraphTensor {
    precondition(type.storedBytes == self.type.storedBytes, "\(self.type.name) as \(type.name)")
    return GraphTensor(type, shape, content)
  }

  /// Calls `body` with the stored bytes.
  ///
  /// - Precondition: not a tensor of strings.
  func withBytes<Result>(_ body: (UnsafeRawPointer) throws -> Result) rethrows -> Result {
    guard case .bytes(let storage, let offset) = content else { preconditionFailure("strings have no bytes") }
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawPointer(storage.base) + offset)
  }

  /// The numbers as f32, rounded; none of a tensor of strings.
  public var floats: [Float] { values() }
  /// The numbers as f64; none of a tensor of strings.
  public var doubles: [Double] { values() }
  /// The numbers as whole numbers, their fractions dropped; none of a tensor of strings.
  public var integers: [Int64] { values() }

  /// The numbers, converted to `Number`; what does not fit is held to the range.
  package func values<Number: Lane>(_ type: Number.Type = Number.self) -> [Number] {
    let count = count
    // Operators that do not take strings never see any; see `takesAnyType`.
    guard case .bytes = content else { return [Number](repeating: .nothing, count: count) }
    return withBytes { bytes in
      [Number](unsafeUninitializedCapacity: count) { buffer, filled in
        if let base = buffer.baseAddress { Lanes.load(self.type, bytes, count: count, to: base) }
        filled = count
      }
    }
  }
}
