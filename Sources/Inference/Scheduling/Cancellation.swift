import Synchronization

/// A request to stop, seen by the thread that works.
final class Cancellation: Sendable {
  private let requested = Atomic<Bool>(false)

  /// Whether somebody asked.
  var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Asks.
  func request() { requested.store(true, ordering: .relaxed) }
}
