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
}
