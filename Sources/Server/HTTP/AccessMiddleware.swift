import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Gives the request its identity and its connection, makes answers of errors, and writes the log.
struct AccessMiddleware: RouterMiddleware {
  typealias Context = ServerContext
  let services: ServerServices

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    var context = context
    context.requestID = RequestIdentity.accepted(request.headers[.requestID]) ?? RequestIdentity.make("req-")
    context.client = services.connections[context.channel]
    context.logger[metadataKey: "hb.request.id"] = nil
    context.logger[metadataKey: "request"] = .string(context.requestID)
    var response: Response
    do {
      response = try await ClientConnection.$current.withValue(context.client) { try await next(request, context) }
    } catch { response = context.failure(error, request).response(to: request) }
    response.headers[.requestID] = context.requestID
    context.logger.info(
      "request",
      metadata: [
        "method": .string(request.method.rawValue), "path": .string(FieldReader.quoted(request.uri.path)),
        "status": .stringConvertible(response.status.code),
        "seconds": .stringConvertible(start.seconds(to: .now)),
      ])
    return response
  }
}

extension HTTPField.Name {
  /// `X-Request-Id`.
  static let requestID = name("X-Request-Id")
  /// `X-Api-Key`.
  static let apiKey = name("X-Api-Key")
  /// `X-Accel-Buffering`.
  static let accelBuffering = name("X-Accel-Buffering")
  /// `Access-Control-Request-Private-Network`.
  static let requestPrivateNetwork = name("Access-Control-Request-Private-Network")
  /// `Access-Control-Allow-Private-Network`.
  static let allowPrivateNetwork = name("Access-Control-Allow-Private-Network")

  /// A name that this program writes.
  static func name(_ text: StaticString) -> HTTPField.Name {
    guard let name = HTTPField.Name("\(text)") else { preconditionFailure("\(text) is no name of a header") }
    return name
  }
}
