import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where other threads leave messages for one that may sleep until there are some.
final class Mailbox<Message>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var messages: [Message] = []
  private var isClosed = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Leaves a message; `false` when nobody will read it.
  func send(_ message: sending Message) -> Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if isClosed { return false }
    messages.append(message)
    pthread_cond_signal(condition)
    return true
  }

  /// Takes no more messages.
  func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// All messages, oldest first; sleeps until there is one if `waits`. `nil` when closed and empty.
  func receive(waits: Bool) -> [Message]? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while waits, messages.isEmpty, !isClosed { pthread_cond_wait(condition, mutex) }
    if isClosed, messages.isEmpty { return nil }
    defer { messages.removeAll(keepingCapacity: true) }
    return messages
  }
}
