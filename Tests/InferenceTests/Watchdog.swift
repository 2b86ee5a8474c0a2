import Foundation
import Synchronization
import Testing

/// What ``watched(_:_:)`` throws after its minute.
struct Hang: Error {
  let name: String
}

/// What `body` gives within a minute: what hangs is named, and the rest goes on.
func watched<Value: Sendable>(_ name: String, _ body: @escaping @Sendable () async throws -> Value) async throws
  -> Value
{
  try await withCheckedThrowingContinuation { continuation in
    let end = First(continuation)
    DispatchQueue.global().asyncAfter(deadline: .now() + 60) { end.resume(.failure(Hang(name: name))) }
    Task.detached {
      do { end.resume(.success(try await body())) } catch { end.resume(.failure(error)) }
    }
  }
}

/// A continuation that the first result resumes.
private final class First<Value: Sendable>: Sendable {
  private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

  init(_ continuation: CheckedContinuation<Value, any Error>) { self.continuation = Mutex(continuation) }

  func resume(_ result: Result<Value, any Error>) {
    let waiting = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    waiting?.resume(with: result)
  }
}
