import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Asynchronous work for a thread that has nothing else to do.
package enum Waiting {
  private final class Slot: @unchecked Sendable {
    private let result = Mutex<Result<Void, any Error>?>(nil)
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
      sem_destroy(semaphore)
      semaphore.deallocate()
    }

    func fill(_ value: Result<Void, any Error>) {
      result.withLock { $0 = value }
      sem_post(semaphore)
    }

    func wait() throws {
      while sem_wait(semaphore) != 0 {}
      try result.withLock { try $0?.get() }
    }
  }

  /// Runs `body` on the runtime's threads while the caller sleeps.
  ///
  /// - Throws: what `body` throws.
  package static func run(_ body: @escaping @Sendable () async throws -> Void) throws {
    let slot = Slot()
    Task.detached {
      do {
        try await body()
        slot.fill(.success(()))
      } catch { slot.fill(.failure(error)) }
    }
    try slot.wait()
  }
}
