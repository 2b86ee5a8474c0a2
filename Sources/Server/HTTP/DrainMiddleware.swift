import Hummingbird

/// Refuses new requests while the server shuts down.
struct DrainMiddleware: RouterMiddleware {
  typealias Context = ServerContext
  let requests: RunningRequests
  let openPaths: Set<String>

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    if requests.isDraining, !openPaths.contains(request.uri.path) { throw RequestFailure.draining }
    return try await next(request, context)
  }
}
