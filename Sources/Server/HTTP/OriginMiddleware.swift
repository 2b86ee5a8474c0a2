import HTTPTypes
import Hummingbird

/// Answers browsers' questions before a page may call, and refuses calls of pages that may not: the browser sends them all
/// the same, and they would cost as much.
struct OriginMiddleware: RouterMiddleware {
  typealias Context = ServerContext
  let policy: OriginPolicy
  let hasKeys: Bool

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    guard let origin = request.headers[.origin] else { return try await next(request, context) }
    guard policy.allows(origin, host: request.head.authority, hasKeys: hasKeys) else {
      throw RequestFailure(
        status: 403, type: "invalid_request_error", code: "origin_not_allowed",
        message: "pages of '\(FieldReader.quoted(origin))' may not call this server")
    }
    var headers: HTTPFields = [
      .accessControlAllowOrigin: policy.allowsAll ? "*" : origin,
      .accessControlExposeHeaders: "X-Request-Id, Retry-After",
    ]
    if !policy.allowsAll { headers[.vary] = "Origin" }
    if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
      headers[.accessControlAllowMethods] = "GET, POST, OPTIONS"
      headers[.accessControlAllowHeaders] = Self.allowedHeaders(request.headers[.accessControlRequestHeaders])
      headers[.accessControlMaxAge] = "600"
      if request.headers[.requestPrivateNetwork] == "true" { headers[.allowPrivateNetwork] = "true" }
      return Response(status: .noContent, headers: headers)
    }
    var response: Response
    do { response = try await next(request, context) } catch {
      response = context.failure(error, request).response(to: request)
    }
    for field in headers { response.headers[field.name] = field.value }
    return response
  }

  /// What the page asks for, as far as these are names of headers; else what every client needs.
  private static func allowedHeaders(_ asked: String?) -> String {
    let usual = "Authorization, Content-Type, X-Api-Key, X-Request-Id"
    guard let asked, asked.utf8.count <= 4096 else { return usual }
    let names = asked.split(separator: ",").map { $0.filter { $0 != " " } }
    let plain = names.filter { HTTPField.Name($0) != nil }
    return plain.isEmpty ? usual : plain.joined(separator: ", ")
  }
}
