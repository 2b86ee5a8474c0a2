import Hummingbird

/// One thing that the server does: a method, its paths, and what happens.
struct Route: Sendable {
  let method: HTTPRequest.Method
  let paths: [String]
  /// Whether it answers without a key.
  let isOpen: Bool
  /// Whether it answers while the server shuts down.
  let answersWhileDraining: Bool
  let handler: @Sendable (Request, ServerContext) async throws -> Response

  init(
    _ method: HTTPRequest.Method, _ paths: [String], isOpen: Bool = false, answersWhileDraining: Bool = false,
    _ handler: @escaping @Sendable (Request, ServerContext) async throws -> Response
  ) {
    self.method = method
    self.paths = paths
    self.isOpen = isOpen
    self.answersWhileDraining = answersWhileDraining
    self.handler = handler
  }
}
