import Synchronization

/// A request that is being answered: what it has under way, and why it was stopped if it was.
final class RunningRequest: Sendable {
  /// Why an answer is ended before its time.
  enum Cause: Sendable {
    /// The client has left.
    case clientGone
    /// The client reads more slowly than the answer comes, by more than is held for it.
    case slowReader
    /// The server was told to stop.
    case shutdown
  }

  private struct State {
    var cause: Cause?
    var work: [@Sendable () -> Void] = []
    var outcome: Outcome?
    var watched: (client: ClientConnection, number: Int)?
  }

  let id: String
  let begun = ContinuousClock.now
  private let registry: RunningRequests
  private let metrics: ServerMetrics
  private let state = Mutex(State())

  init(id: String, registry: RunningRequests, metrics: ServerMetrics) {
    self.id = id
    self.registry = registry
    self.metrics = metrics
  }

  deinit {
    // Whoever drops a request without an end has lost its client.
    end(.clientGone)
  }

  /// Why it was stopped.
  var cause: Cause? { state.withLock { $0.cause } }

  /// Stops when the client leaves.
  func watch(_ client: ClientConnection) {
    let number = client.whenGone { [weak self] in self?.stop(.clientGone) }
    let isOver = state.withLock { state in
      state.watched = (client, number)
      return state.outcome != nil
    }
    if isOver { client.stopWatching(number) }
  }

  /// Takes work that ends with the request; `cancel` is called once at most.
  func add(_ cancel: @escaping @Sendable () -> Void) {
    let isStopped = state.withLock { state in
      if state.cause == nil { state.work.append(cancel) }
      return state.cause != nil
    }
    if isStopped { cancel() }
  }

  /// Stops everything that is under way; the first cause counts.
  func stop(_ cause: Cause) {
    let work = state.withLock { state in
      if state.cause == nil { state.cause = cause }
      defer { state.work = [] }
      return state.work
    }
    for cancel in work { cancel() }
  }

  /// The request is answered, or will never be; the first outcome counts.
  func end(_ outcome: Outcome) {
    let (isFirst, watched) = state.withLock { state in
      defer { state.work = [] }
      if state.outcome != nil { return (false, state.watched) }
      state.outcome = outcome
      return (true, state.watched)
    }
    guard isFirst else { return }
    watched?.client.stopWatching(watched?.number ?? 0)
    registry.remove(self)
    metrics.record(outcome, seconds: begun.seconds(to: .now))
  }

  /// The failure that a client is told of when the request was stopped.
  var stopFailure: RequestFailure {
    switch cause {
    case .shutdown: .draining
    case .slowReader, .clientGone, nil: .unavailable("the request was cancelled", code: "cancelled")
    }
  }
}
