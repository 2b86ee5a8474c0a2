import Logging
import Synchronization
import Tracing

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
    var usage: AnswerUsage?
  }

  let begun = ContinuousClock.now
  private let registry: RunningRequests
  private let metrics: ServerMetrics
  private let logger: Logger
  private let span: any Span
  private let state = Mutex(State())

  init(registry: RunningRequests, metrics: ServerMetrics, logger: Logger) {
    self.registry = registry
    self.metrics = metrics
    self.logger = logger
    span = startSpan("venturi.answer")
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

  /// The tokens that it took, for the log.
  func note(_ usage: AnswerUsage) { state.withLock { $0.usage = usage } }

  /// The request is answered, or will never be; the first outcome counts.
  func end(_ outcome: Outcome) {
    let (isFirst, watched, usage) = state.withLock { state in
      defer { state.work = [] }
      let isFirst = state.outcome == nil
      if isFirst { state.outcome = outcome }
      return (isFirst, state.watched, state.usage)
    }
    guard isFirst else { return }
    watched?.client.stopWatching(watched?.number ?? 0)
    registry.remove(self)
    let seconds = begun.seconds(to: .now)
    metrics.record(outcome, seconds: seconds)
    span.attributes["venturi.outcome"] = outcome.rawValue
    var metadata: Logger.Metadata = ["outcome": .string(outcome.rawValue), "seconds": .stringConvertible(seconds)]
    if let usage {
      metadata["prompt_tokens"] = .stringConvertible(usage.promptTokens)
      metadata["cached_tokens"] = .stringConvertible(usage.cachedTokens)
      metadata["completion_tokens"] = .stringConvertible(usage.completionTokens)
      span.attributes["gen_ai.usage.input_tokens"] = usage.promptTokens
      span.attributes["gen_ai.usage.output_tokens"] = usage.completionTokens
    }
    span.end()
    logger.info("answer", metadata: metadata)
  }

  /// The failure that a client is told of when the request was stopped.
  var stopFailure: RequestFailure {
    switch cause {
    case .shutdown: .draining
    case .slowReader, .clientGone, nil: .unavailable("the request was cancelled", code: "cancelled")
    }
  }
}
