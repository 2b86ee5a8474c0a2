/// Why a measurement cannot be made.
public enum ProfilingError: Error, Sendable, Equatable {
  /// A peer that is not installed; `hint` says how to get it.
  case peerAbsent(name: String, hint: String)
  /// A peer that answered with an error.
  case peerFailed(name: String, problem: String)
  /// A peer that ended without an answer, and the last line that it wrote, if any.
  case peerEnded(name: String, lastWords: String?)
  /// A peer that did not answer in time.
  case peerTimedOut(name: String, seconds: Double)
  /// A setting that cannot be measured.
  case invalidSetting(field: String, problem: String)
  /// A file that cannot be read or written; `code` is the system's error number.
  case file(path: String, code: Int32)
  /// A store of results that belongs to other settings or is damaged.
  case damagedStore(path: String, problem: String)
}

extension ProfilingError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .peerAbsent(let name, let hint): "the peer '\(name)' is not installed: \(hint)"
    case .peerFailed(let name, let problem): "the peer '\(name)' failed: \(problem)"
    case .peerEnded(let name, let words): "the peer '\(name)' ended without an answer" + (words.map { ": \($0)" } ?? "")
    case .peerTimedOut(let name, let seconds): "the peer '\(name)' did not answer in \(seconds) seconds"
    case .invalidSetting(let field, let problem): "\(field): \(problem)"
    case .file(let path, let code): "\(path): \(systemErrorText(code))"
    case .damagedStore(let path, let problem): "\(path): \(problem)"
    }
  }
}
