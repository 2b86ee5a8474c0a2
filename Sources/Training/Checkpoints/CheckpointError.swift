/// What can be wrong with the checkpoints of a run. Every case names the file.
public enum CheckpointError: Error, Sendable, Equatable {
  /// A file or folder that the system refused; `code` is its error number.
  case file(operation: String, path: String, code: Int32)
  /// A file that is not as it was written; `path` is the shard's or the manifest's.
  case damaged(path: String, problem: String)
  /// A checkpoint of a later version of the format.
  case unsupportedVersion(path: String, found: Int, supported: Int)
  /// A tensor that cannot be written as it lies.
  case unwritable(tensor: String, problem: String)
  /// A run's folder that another process writes to.
  case inUse(path: String)
  /// A folder with checkpoints of which none is whole.
  case noneWhole(path: String, checkpoints: Int)
  /// There is no memory for a shard.
  case outOfMemory(path: String, bytes: Int)
}

extension CheckpointError: CustomStringConvertible {
  /// A sentence that names the file.
  public var description: String {
    switch self {
    case .file(let operation, let path, let code): "cannot \(operation) \(path): system error \(code)"
    case .damaged(let path, let problem): "\(path) is damaged: \(problem)"
    case .unsupportedVersion(let path, let found, let supported):
      "\(path) is of version \(found) of the format, versions up to \(supported) are read"
    case .unwritable(let tensor, let problem): "\(tensor) cannot be saved: \(problem)"
    case .inUse(let path): "\(path) is written to by another process"
    case .noneWhole(let path, let checkpoints): "none of the \(checkpoints) checkpoints in \(path) is whole"
    case .outOfMemory(let path, let bytes): "no memory for the \(bytes) bytes of \(path)"
    }
  }

  init(_ failure: FileFailure) {
    self = .file(operation: failure.operation, path: failure.path, code: failure.code)
  }
}
