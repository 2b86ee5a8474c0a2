/// Why a model of a hub cannot be fetched.
public enum HubError: Error, Sendable, Equatable {
  /// A hub's address that is no address.
  case invalidEndpoint(String)
  /// The hub cannot be talked to.
  case unreachable(endpoint: String, problem: String)
  /// The hub has no such repository or file, or does not show it to this user.
  case notFound(String)
  /// The hub wants a token, or refuses the one given.
  case unauthorized(String)
  /// The repository has no file of the wanted type; `available` lists those that it has.
  case noMatch(repository: String, wanted: String, available: [String])
  /// A listing or answer that is not what the hub documents; `problem` says how.
  case badAnswer(path: String, problem: String)
  /// The server failed, again and again.
  case server(path: String, status: Int)
  /// Nothing came for too long, again and again; what is there is kept for the next time.
  case stalled(path: String, received: Int, of: Int, problem: String)
  /// The file became another one on the hub while it was fetched.
  case changed(path: String)
  /// A file whose checksum is not the hub's.
  case checksumMismatch(path: String, expected: String, found: String)
  /// Less room on the disk than the files need.
  case noRoom(path: String, needed: Int, available: Int)
  /// Another process fetches the same model.
  case inUse(path: String)
}

extension HubError: CustomStringConvertible {
  /// A sentence that holds the values.
  public var description: String {
    switch self {
    case .invalidEndpoint(let text): "the hub's address '\(text)' is no http or https address"
    case .unreachable(let endpoint, let problem): "\(endpoint) cannot be reached: \(problem)"
    case .notFound(let what): "the hub has no '\(what)', or does not show it without a token (HF_TOKEN)"
    case .unauthorized(let what): "the hub refuses '\(what)': a token that may read it is needed (HF_TOKEN)"
    case .noMatch(let repository, let wanted, let available):
      available.isEmpty
        ? "\(repository) has no \(wanted)"
        : "\(repository) has no \(wanted); it has \(available.joined(separator: ", "))"
    case .badAnswer(let path, let problem): "\(path): \(problem)"
    case .server(let path, let status): "\(path): the server answers \(status)"
    case .stalled(let path, let received, let total, let problem):
      "\(path): \(problem) after \(received) of \(total) bytes; what is there is kept for the next try"
    case .changed(let path): "\(path): it changed on the hub while it was fetched; try again"
    case .checksumMismatch(let path, let expected, let found):
      "\(path): its SHA-256 is \(found) where the hub says \(expected)"
    case .noRoom(let path, let needed, let available):
      "\(path): \(needed) bytes are needed where \(available) are free"
    case .inUse(let path): "\(path): another process is fetching this model"
    }
  }
}
