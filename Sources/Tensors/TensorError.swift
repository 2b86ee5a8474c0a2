import NumericTypes

/// What can go wrong when tensors are made from data that came from outside.
public enum TensorError: Error, Sendable, Equatable {
  /// No memory of this size is to be had.
  case outOfMemory(bytes: Int)
  /// A file could not be mapped; `code` is the system's error number.
  case cannotMap(path: String, code: Int32)
  /// A mapped file that was written to or became shorter while it was read.
  case fileChanged(path: String)
  /// A file could not be written; `code` is the system's error number.
  case cannotWrite(path: String, code: Int32)
  /// A thread could not be started; `code` is the system's error number.
  case cannotStartThread(code: Int32)
  /// Storage that is too small for the shape and type it is to hold.
  case storageTooSmall(needed: Int, available: Int)
  /// A start that is not aligned for the type.
  case misaligned(offset: Int, dtype: DType)
  /// A shape or size that breaks a rule.
  case shape(NumericsError)
  /// A data type that the operation does not take.
  case unsupportedType(DType, operation: String)
}

extension TensorError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .outOfMemory(let bytes): "no memory for \(bytes) bytes"
    case .cannotMap(let path, let code): "cannot map \(path): system error \(code)"
    case .fileChanged(let path): "\(path) was changed while it was read; replace model files by renaming"
    case .cannotWrite(let path, let code): "cannot write \(path): system error \(code)"
    case .cannotStartThread(let code): "cannot start a thread: system error \(code)"
    case .storageTooSmall(let needed, let available): "\(needed) bytes are needed where \(available) are available"
    case .misaligned(let offset, let dtype): "offset \(offset) is not aligned for \(dtype.displayName)"
    case .shape(let error): error.description
    case .unsupportedType(let dtype, let operation): "\(operation) does not take \(dtype.displayName)"
    }
  }
}
