/// Why a server did not answer as it should.
public enum ClientError: Error, Sendable, Equatable {
  /// An address that is none, or of a kind that is not spoken.
  case invalidAddress(String, problem: String)
  /// A certificate file that cannot be read.
  case certificate(path: String, problem: String)
  /// No connection came about.
  case cannotConnect(address: String, problem: String)
  /// A connection is there, but nothing can be said on it in secret.
  case cannotEncrypt(problem: String)
  /// The connection ended, or broke, before the answer did.
  case connectionLost(problem: String)
  /// The whole answer did not come within so many seconds.
  case timedOut(seconds: Double)
  /// Nothing came for so many seconds.
  case silent(seconds: Double)
  /// The server said no. `code` is the word it gave for programs, if it gave one.
  case refused(status: Int, code: String?, message: String)
  /// The server reported an error in a stream that had begun.
  case streamFailed(code: String?, message: String)
  /// A stream that ended without its closing word.
  case streamCut
  /// An answer that is not what the interface says.
  case malformed(problem: String)
  /// More bytes than an answer may have.
  case tooLarge(limit: Int)
}

extension ClientError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .invalidAddress(let address, let problem): "'\(address)' is no server's address: \(problem)"
    case .certificate(let path, let problem): "\(path): \(problem)"
    case .cannotConnect(let address, let problem): "no connection to \(address): \(problem)"
    case .cannotEncrypt(let problem): "no encrypted connection to the server came about: \(problem)"
    case .connectionLost(let problem): "the connection to the server was lost: \(problem)"
    case .timedOut(let seconds): "the server did not finish its answer in \(seconds) seconds"
    case .silent(let seconds): "the server said nothing for \(seconds) seconds"
    case .refused(401, _, let message):
      "the server wants a key that it knows (--api-key or VENTURI_API_KEY): \(message)"
    case .refused(429, _, let message): "the server is busy (429): \(message)"
    case .refused(let status, _, let message): "the server refused (\(status)): \(message)"
    case .streamFailed(_, let message): "the server ended the answer with an error: \(message)"
    case .streamCut: "the server ended the answer in the middle"
    case .malformed(let problem): "the server's answer makes no sense: \(problem)"
    case .tooLarge(let limit): "the server's answer has more than \(limit) bytes"
    }
  }

  /// A word for counting: `timeout`, `http_429`.
  public var kind: String {
    switch self {
    case .invalidAddress: "invalid_address"
    case .certificate: "certificate"
    case .cannotConnect: "cannot_connect"
    case .cannotEncrypt: "cannot_encrypt"
    case .connectionLost: "connection_lost"
    case .timedOut, .silent: "timeout"
    case .refused(let status, _, _): "http_\(status)"
    case .streamFailed: "stream_error"
    case .streamCut: "stream_cut"
    case .malformed: "malformed"
    case .tooLarge: "too_large"
    }
  }
}
