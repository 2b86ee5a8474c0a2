import Tensors

/// The engine's own threads, as this room uses them.
enum Thread {
  /// Runs `body` on a new thread.
  ///
  /// - Throws: ``InferenceError/system(operation:path:code:)``.
  static func start(_ body: @escaping @Sendable () -> Void) throws(InferenceError) {
    do throws(TensorError) { try EngineThread.start(body) } catch {
      var number: Int32 = 0
      if case .cannotStartThread(let code) = error { number = code }
      throw .system(operation: "start a thread", path: "", code: number)
    }
  }

  /// Runs `body` on a new thread and waits for it without holding a thread of the pool.
  static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      do { try start { continuation.resume(with: Result { try body() }) } } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}
