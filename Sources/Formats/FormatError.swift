/// What can be wrong with a file. Every case names the field; all but absences tell the byte offset, and the value.
public enum FormatError: Error, Sendable, Equatable {
  /// The file does not begin as its format does.
  case badMagic(field: String, offset: Int, found: [UInt8], expected: String)
  /// A version or variant of the format that is not read; `found` says which.
  case unsupported(field: String, offset: Int, found: String, supported: String)
  /// The file ends before the field does.
  case truncated(field: String, offset: Int, needed: UInt64, available: Int)
  /// A number above its limit.
  case limitExceeded(field: String, offset: Int, value: UInt64, limit: UInt64)
  /// The memory that decoding may take is used up.
  case budgetExceeded(field: String, offset: Int, needed: Int, budget: Int)
  /// A size computation left the range of 64 bits; `computation` shows it.
  case overflow(field: String, offset: Int, computation: String)
  /// Text that is not UTF-8.
  case invalidUTF8(field: String, offset: Int)
  /// A value outside of what the field may hold.
  case invalidValue(field: String, offset: Int, value: String, expected: String)
  /// A value of another type than the field has.
  case wrongType(field: String, offset: Int, found: String, expected: String)
  /// A tensor of a type that is not read; `name` is the type's.
  case unsupportedTensorType(field: String, offset: Int, code: UInt32, name: String)
  /// A name that occurs a second time; `first` is where it was seen before.
  case duplicate(field: String, offset: Int, first: Int)
  /// Two tensors that share bytes.
  case overlap(field: String, offset: Int, other: String)
  /// An array of another length than `expected`.
  case wrongCount(field: String, offset: Int, found: Int, expected: Int)
  /// A tensor of another shape than the model's, both outermost first.
  case wrongShape(field: String, offset: Int, found: [Int], expected: [Int])
  /// A value that contradicts itself or another one; `problem` says how.
  case inconsistent(field: String, offset: Int?, problem: String)
  /// A metadata key that the file does not have.
  case missingKey(field: String)
  /// A tensor that the file does not have.
  case missingTensor(field: String)
  /// Text that is not JSON; `problem` says why.
  case notJSON(field: String, offset: Int, problem: String)
  /// A file that another one refers to and that is not beside it.
  case missingFile(field: String)
  /// What a writer was asked to write and the format cannot hold.
  case notWritable(field: String, reason: String)
}

extension FormatError {
  /// The field that is wrong: a metadata key, a tensor's name, or a place such as `metadata[3].key`.
  public var field: String {
    switch self {
    case .badMagic(let field, _, _, _), .unsupported(let field, _, _, _), .truncated(let field, _, _, _),
      .limitExceeded(let field, _, _, _), .budgetExceeded(let field, _, _, _), .overflow(let field, _, _),
      .invalidUTF8(let field, _), .invalidValue(let field, _, _, _), .wrongType(let field, _, _, _),
      .unsupportedTensorType(let field, _, _, _), .duplicate(let field, _, _), .overlap(let field, _, _),
      .wrongCount(let field, _, _, _), .wrongShape(let field, _, _, _), .inconsistent(let field, _, _),
      .notJSON(let field, _, _), .missingKey(let field), .missingTensor(let field), .missingFile(let field),
      .notWritable(let field, _):
      field
    }
  }

  /// Where in the file the field begins, in bytes; nothing for what is absent.
  public var offset: Int? {
    switch self {
    case .badMagic(_, let offset, _, _), .unsupported(_, let offset, _, _), .truncated(_, let offset, _, _),
      .limitExceeded(_, let offset, _, _), .budgetExceeded(_, let offset, _, _), .overflow(_, let offset, _),
      .invalidUTF8(_, let offset), .invalidValue(_, let offset, _, _), .wrongType(_, let offset, _, _),
      .unsupportedTensorType(_, let offset, _, _), .duplicate(_, let offset, _), .overlap(_, let offset, _),
      .wrongCount(_, let offset, _, _), .wrongShape(_, let offset, _, _), .notJSON(_, let offset, _):
      offset
    case .inconsistent(_, let offset, _): offset
    case .missingKey, .missingTensor, .missingFile, .notWritable: nil
    }
  }
}

extension FormatError: CustomStringConvertible {
  /// A sentence that names the field, the offset and the value.
  public var description: String {
    let place = offset.map { "\(field) (byte \($0))" } ?? field
    return "\(place): \(reason)"
  }

  private var reason: String {
    switch self {
    case .badMagic(_, _, let found, let expected): "the file begins with bytes \(found), not as \(expected) does"
    case .unsupported(_, _, let found, let supported): "\(found) is not supported, \(supported) is"
    case .truncated(_, _, let needed, let available): "needs \(needed) bytes, \(available) are left in the file"
    case .limitExceeded(_, _, let value, let limit): "\(value) is above the limit of \(limit)"
    case .budgetExceeded(_, _, let needed, let budget): "\(needed) bytes of memory pass the budget of \(budget)"
    case .overflow(_, _, let computation): "\(computation) does not fit in 63 bits"
    case .invalidUTF8: "the text is not UTF-8"
    case .invalidValue(_, _, let value, let expected): "is \(value), expected \(expected)"
    case .wrongType(_, _, let found, let expected): "is of type \(found), expected \(expected)"
    case .unsupportedTensorType(_, _, let code, let name): "tensor type \(name) (\(code)) is not supported"
    case .duplicate(_, _, let first): "the name occurs twice, first at byte \(first)"
    case .overlap(_, _, let other): "its bytes overlap those of \(other)"
    case .wrongCount(_, _, let found, let expected): "has \(found) elements, expected \(expected)"
    case .wrongShape(_, _, let found, let expected): "has shape \(found), expected \(expected)"
    case .inconsistent(_, _, let problem): problem
    case .missingKey: "the file lacks this key"
    case .missingTensor: "the file lacks this tensor"
    case .notJSON(_, _, let problem): "not JSON: \(problem)"
    case .missingFile: "there is no such file"
    case .notWritable(_, let reason): reason
    }
  }
}
