import Logging
import Synchronization

/// The requests that are being answered, and whether new ones are taken.
final class RunningRequests: Sendable {
  private struct State {
    var isDraining = false
    var running: [ObjectIdentifier: WeakRequest] = [:]
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private struct WeakRequest {
    weak var value: RunningRequest?
  }

  private let metrics: ServerMetrics
  private let state = Mutex(State())

  init(metrics: ServerMetrics) { self.metrics = metrics }

  /// Whether new requests are refused.
  var isDraining: Bool { state.withLock { $0.isDraining } }
  /// How many are being answered.
  var count: Int { state.withLock { $0.running.count } }

  /// Begins a request.
  ///
  /// - Throws: ``RequestFailure`` while the server shuts down.
  func begin(_ logger: Logger) throws(RequestFailure) -> RunningRequest {
    let request = RunningRequest(registry: self, metrics: metrics, logger: logger)
    let isTaken = state.withLock { state in
      if state.isDraining { return false }
      state.running[ObjectIdentifier(request)] = WeakRequest(value: request)
      return true
    }
    if isTaken { return request }
    request.end(.overloaded)
    throw .draining
  }

  func remove(_ request: RunningRequest) {
    let waiting = state.withLock { state in
      state.running[ObjectIdentifier(request)] = nil
      guard state.running.isEmpty else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Takes no more requests.
  func drain() { state.withLock { $0.isDraining = true } }

  /// Stops all that are under way.
  func stopAll() {
    for request in state.withLock({ $0.running.values.compactMap(\.value) }) { request.stop(.shutdown) }
  }

  /// Waits until none is being answered.
  func whenNoneIsLeft() async {
    await withCheckedContinuation { continuation in
      let isEmpty = state.withLock { state in
        if !state.running.isEmpty { state.waiting.append(continuation) }
        return state.running.isEmpty
      }
      if isEmpty { continuation.resume() }
    }
  }
}
