/// Why a server cannot start or run.
public enum ServerError: Error, Sendable, Equatable {
  /// A setting that makes no sense.
  case invalidSetting(field: String, value: String, problem: String)
  /// The address cannot be listened on.
  case cannotListen(host: String, port: Int, problem: String)
  /// A certificate or key that cannot be used.
  case certificate(path: String, problem: String)
  /// The drain limit passed with connections that would not close.
  case drainIncomplete(connections: Int)
}

extension ServerError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .invalidSetting(let field, let value, let problem): "\(field) \(value): \(problem)"
    case .cannotListen(let host, let port, let problem): "cannot listen on \(host):\(port): \(problem)"
    case .certificate(let path, let problem): "\(path): \(problem)"
    case .drainIncomplete(let connections): "\(connections) connections did not close in time"
    }
  }
}
