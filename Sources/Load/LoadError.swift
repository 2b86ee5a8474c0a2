/// Why a load cannot be put on a server.
public enum LoadError: Error, Sendable, Equatable {
  /// A setting that makes no sense.
  case invalidSetting(field: String, value: String, problem: String)
  /// A line of a trace that is not what it should be; lines count from 1.
  case invalidTrace(line: Int, problem: String)
  /// No text of exactly so many tokens was found.
  case noSuchPrompt(tokens: Int)
  /// A server that did not start, or did not get ready.
  case serverFailed(name: String, problem: String)
  /// A run in which no request was answered.
  case nothingAnswered(errors: [String: Int], example: String)
}

extension LoadError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .invalidSetting(let field, let value, let problem): return "\(field) '\(value)': \(problem)"
    case .invalidTrace(let line, let problem): return "trace, line \(line): \(problem)"
    case .noSuchPrompt(let tokens): return "no text of exactly \(tokens) tokens was found"
    case .serverFailed(let name, let problem): return "the server of \(name) failed: \(problem)"
    case .nothingAnswered(let errors, let example):
      let counts = errors.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
      return "no request was answered (\(counts)): \(example)"
    }
  }
}
