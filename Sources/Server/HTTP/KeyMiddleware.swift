import HTTPTypes
import Hummingbird

/// Lets in who shows a key, by `Authorization: Bearer` or `X-Api-Key`. Everything is guarded but the paths that are listed as
/// open, so that what is added later is guarded too.
struct KeyMiddleware: RouterMiddleware {
  typealias Context = ServerContext
  let keys: KeyRing
  let openPaths: Set<String>

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    if keys.isEmpty || openPaths.contains(request.uri.path) { return try await next(request, context) }
    let candidates = [Self.bearer(request.headers[.authorization]), request.headers[.apiKey]].compactMap { $0 }
    guard candidates.contains(where: keys.accepts) else {
      let problem =
        candidates.isEmpty
        ? "a key is needed: Authorization: Bearer KEY, or X-Api-Key: KEY" : "the key is not one of this server's"
      throw RequestFailure(
        status: 401, type: "authentication_error", code: candidates.isEmpty ? "missing_api_key" : "invalid_api_key",
        message: problem)
    }
    return try await next(request, context)
  }

  private static func bearer(_ header: String?) -> String? {
    guard let header, header.count > 7, header.prefix(7).lowercased() == "bearer " else { return nil }
    let key = header.dropFirst(7).drop { $0 == " " }
    return key.isEmpty ? nil : String(key)
  }
}
