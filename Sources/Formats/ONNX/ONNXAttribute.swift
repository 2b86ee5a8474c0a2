/// A named constant of a node.
public struct ONNXAttribute: Sendable, Equatable {
  /// What an attribute can hold.
  public indirect enum Value: Sendable, Equatable {
    case float(Float)
    case int(Int64)
    case string(String)
    case tensor(ONNXTensor)
    case graph(ONNXGraph)
    case sparseTensor(ONNXSparseTensor)
    case type(ONNXType)
    case floats([Float])
    case ints([Int64])
    case strings([String])
    case tensors([ONNXTensor])
    case graphs([ONNXGraph])
    case sparseTensors([ONNXSparseTensor])
    case types([ONNXType])
    /// The attribute of that name of the function that the node is in.
    case reference(String)
  }

  /// The name.
  public let name: String
  /// The value.
  public let value: Value
  /// Where it begins in the file.
  public let offset: Int

  /// An attribute from its parts.
  package init(name: String, value: Value, offset: Int) {
    self.name = name
    self.value = value
    self.offset = offset
  }
}
