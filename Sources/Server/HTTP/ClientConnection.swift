import NIOCore
import Synchronization

/// A client's connection: tells when the client has left.
///
/// A client that closes its side of the connection, even half of it, has left: no usual client does so while it waits, and
/// nothing else tells early that nobody reads.
final class ClientConnection: Sendable {
  private struct State {
    var isGone = false
    var next = 0
    var watchers: [Int: @Sendable () -> Void] = [:]
  }

  /// The client of the request that the current task answers.
  @TaskLocal static var current: ClientConnection?

  private let channel: any Channel
  private let state = Mutex(State())

  init(channel: any Channel) { self.channel = channel }

  /// Whether the client has left.
  var isGone: Bool { state.withLock { $0.isGone } }

  /// Calls `body` once when the client leaves, at once if it has.
  ///
  /// - Returns: what ``stopWatching(_:)`` takes.
  func whenGone(_ body: @escaping @Sendable () -> Void) -> Int {
    let number = state.withLock { state -> Int? in
      if state.isGone { return nil }
      state.next += 1
      state.watchers[state.next] = body
      return state.next
    }
    if let number { return number }
    body()
    return 0
  }

  /// Forgets a watcher.
  func stopWatching(_ number: Int) { state.withLock { _ = $0.watchers.removeValue(forKey: number) } }

  /// The client has left.
  func leave() {
    let watchers = state.withLock { state -> [Int: @Sendable () -> Void] in
      defer { state.watchers = [:] }
      if state.isGone { return [:] }
      state.isGone = true
      return state.watchers
    }
    for watcher in watchers.values { watcher() }
  }

  /// Closes the connection, whatever is under way.
  func close() { channel.close(promise: nil) }
}
