import NumericTypes

/// Why a model cannot be compressed as asked.
public enum CompressionError: Error, Sendable, Equatable {
  /// A weight that is NaN or infinite.
  case notFinite(tensor: String, index: Int, value: Float)
  /// A weight beyond what the type that it is to become can hold.
  case outOfRange(tensor: String, index: Int, value: Float, type: DType)
  /// A type that weights are not converted to.
  case unsupportedType(DType)
  /// A tensor that is quantised already, and was not to be quantised again.
  case alreadyQuantized(tensor: String, type: DType)
  /// Importance that does not fit the tensor, or holds what is no weight.
  case importance(name: String, problem: String)
  /// A setting that cannot be followed.
  case invalidOption(field: String, problem: String)
  /// A result that would take the place of the model it is made from.
  case sameFile(path: String)
}

extension CompressionError: CustomStringConvertible {
  /// A sentence that names the tensor or the setting.
  public var description: String {
    switch self {
    case .notFinite(let tensor, let index, let value): "tensor '\(tensor)': element \(index) is \(value)"
    case .outOfRange(let tensor, let index, let value, let type):
      "tensor '\(tensor)': element \(index) is \(value), which \(type.displayName) cannot hold"
    case .unsupportedType(let type): "weights are not converted to \(type.displayName)"
    case .alreadyQuantized(let tensor, let type):
      "tensor '\(tensor)' is \(type.displayName) already; quantising again loses twice and has to be allowed"
    case .importance(let name, let problem): "importance '\(name)': \(problem)"
    case .invalidOption(let field, let problem): "\(field): \(problem)"
    case .sameFile(let path): "\(path) is the model itself, which is not written over"
    }
  }
}
