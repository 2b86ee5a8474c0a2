import Console

/// What is wrong with a configuration. Every case names the field, and the value.
package enum ConfigurationError: Error, Sendable, Equatable {
  /// A file that cannot be read as YAML.
  case file(path: String, problem: String)
  /// A field that must be there and is not; perhaps another was meant to be it.
  case missing(field: String, meant: String?)
  /// A value outside of what it may be.
  case invalid(field: String, value: String, expected: String)
  /// A field that there is none of; perhaps another was meant.
  case unknown(field: String, meant: String?, known: [String])
}

extension ConfigurationError: CustomStringConvertible {
  /// A sentence that names the field and the value.
  package var description: String {
    switch self {
    case .file(let path, let problem): "\(path): \(problem)"
    case .missing(let field, let meant):
      "the field '\(field)' is missing" + (meant.map { "; is '\($0)' meant to be it?" } ?? "")
    case .invalid(let field, let value, let expected): "\(field) is \(value), expected \(expected)"
    case .unknown(let field, let meant, let known):
      "there is no field '\(field)'; "
        + (meant.map { "did you mean '\($0)'?" } ?? "known are \(known.joined(separator: ", "))")
    }
  }
}

extension ConfigurationError: ClassifiedError {
  package var status: ExitStatus { .usage }
  package var kindOfFailure: String { "bad_configuration" }
}
