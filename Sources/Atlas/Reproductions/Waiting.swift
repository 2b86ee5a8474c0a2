import Dispatch
import Synchronization

/// Asynchronous work for an experiment, which waits for it.
///
/// An experiment holds a thread of Swift's pool while it runs, the only one there may be: what it waits for runs on threads of its own.
enum Waiting {
  /// What `body` gives.
  ///
  /// - Throws: what `body` throws.
  static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let result = Outcome<Value>()
    let done = DispatchSemaphore(value: 0)
    Task(executorPreference: OwnThreads.shared) {
      do { result.set(.success(try await body())) } catch { result.set(.failure(error)) }
      done.signal()
    }
    done.wait()
    return try result.get()
  }

  private final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Result<Value, any Error>?>(nil)
    func set(_ result: Result<Value, any Error>) { value.withLock { $0 = result } }
    func get() throws -> Value {
      guard let result = value.withLock({ $0 }) else { throw CancellationError() }
      return try result.get()
    }
  }

  private final class OwnThreads: TaskExecutor {
    static let shared = OwnThreads()
    private let queue = DispatchQueue(label: "venturi.experiment", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
  }
}
