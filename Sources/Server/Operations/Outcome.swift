/// How a request ended.
enum Outcome: String, Sendable, CaseIterable {
  /// Answered.
  case ok
  /// The client left before its answer was whole.
  case clientGone = "client_gone"
  /// Refused because there is too much to do, or the server is shutting down.
  case overloaded
  /// Refused because something about it is wrong.
  case invalid
  /// Something went wrong here.
  case error

  /// What a failure counts as.
  init(_ failure: RequestFailure) {
    switch failure.status {
    case 429, 503: self = .overloaded
    case 400..<500: self = .invalid
    default: self = .error
    }
  }
}
