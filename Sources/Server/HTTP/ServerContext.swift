import Hummingbird
import NIOCore

/// What is known of a request beside itself.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The connection's channel.
  let channel: any Channel
  /// The connection, once a middleware has looked it up.
  var client: ClientConnection?
  /// What tells the request apart in logs, and to the client.
  var requestID = ""

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }

  /// What an error that a route threw means for the client; one that is our own fault is logged.
  func failure(_ error: any Error, _ request: Request) -> RequestFailure {
    if let error = error as? HTTPError, error.status == .notFound { return .notFound(request.uri.path) }
    if let error = error as? HTTPError, error.status.kind == .clientError {
      return RequestFailure(
        status: error.status.code, type: "invalid_request_error", code: "bad_request", message: "\(error)")
    }
    let failure = RequestFailure(error)
    if failure.status >= 500, failure.status != 503 {
      logger.error("request failed", metadata: ["problem": "\(error)"])
    }
    return failure
  }
}
