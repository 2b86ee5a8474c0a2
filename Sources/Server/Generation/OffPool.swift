import NIOPosix

/// Work of more than a moment, such as reading a large body or making tokens of it, which Swift's cooperative threads are not
/// for: with them taken, no other request would get on.
enum OffPool {
  /// Runs `body` on a thread for such work.
  ///
  /// - Throws: what `body` throws.
  static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(body)
  }
}
