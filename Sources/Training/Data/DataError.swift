import Formats
import Tensors

/// What can be wrong with data for training. Every case names the field or the file, and the value.
public enum DataError: Error, Sendable, Equatable {
  /// A setting outside of what it may be.
  case invalidOption(field: String, value: String, expected: String)
  /// A saved position that belongs to other data, or to another order of them.
  case wrongState(field: String, found: String, expected: String)
  /// A loader was asked for more after it had been cancelled.
  case cancelled
  /// A text that cannot be read; `line` counts from 1, and is nothing for a file that is one text.
  case corpus(path: String, line: Int?, problem: String)
  /// A file that is not what its format says.
  case format(path: String, FormatError)
  /// A file that cannot be mapped or written, or a thread or memory that is not to be had.
  case system(TensorError)
  /// A token file of another vocabulary; both are told by their digests.
  case wrongVocabulary(path: String, found: String, expected: String)
  /// Two parts of a data set that do not fit together.
  case mismatch(field: String, found: String, expected: String)
}

extension DataError: CustomStringConvertible {
  /// A sentence that names the field and the value.
  public var description: String {
    switch self {
    case .invalidOption(let field, let value, let expected): "\(field) is \(value), expected \(expected)"
    case .wrongState(let field, let found, let expected):
      "the saved position is of other data: its \(field) is \(found), that of the loader \(expected)"
    case .cancelled: "the loader was cancelled"
    case .corpus(let path, let line, let problem):
      line.map { "\(path), line \($0): \(problem)" } ?? "\(path): \(problem)"
    case .format(let path, let error): "\(path): \(error)"
    case .system(let error): "\(error)"
    case .wrongVocabulary(let path, let found, let expected):
      "\(path) was made with another vocabulary: its digest is \(found), that of the tokenizer \(expected)"
    case .mismatch(let field, let found, let expected): "\(field): \(found) where \(expected) are expected"
    }
  }
}
