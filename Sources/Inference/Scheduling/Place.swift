import Synchronization

/// A generation's place in its engine: from when it is asked for until it ends or is withdrawn, which happens once.
///
/// Whoever waits is withdrawn by the thread that cancels; whoever runs is ended by the compute thread, which looks between
/// steps and, where nothing else is in the step, between layers.
final class Place: Sendable {
  private enum Phase { case outside, waiting, queued, running, over }

  private struct Content {
    var phase = Phase.outside
    var tokens = 0
    /// Ends a generation that waits, given its prompt's tokens as far as known and whether the compute thread has it.
    var withdrawal: (@Sendable (_ tokens: Int, _ isQueued: Bool) -> Void)?

    mutating func leave() {
      phase = .over
      withdrawal = nil
    }
  }

  private let admission: Admission
  private let cancellation = Cancellation()
  private let content = Mutex(Content())

  init(_ admission: Admission) { self.admission = admission }

  /// Whether somebody asked for the end.
  var isCancelled: Bool { cancellation.isRequested }

  /// Whether it was withdrawn or has ended.
  var isOver: Bool { content.withLock { $0.phase == .over } }

  /// Takes the place; `tokens` are 0 when the prompt is not known yet.
  ///
  /// - Throws: ``InferenceError/overloaded(running:queued:queueLimit:queuedTokens:queuedTokenLimit:waitSeconds:)``.
  func take(
    tokens: Int, withdrawal: @escaping @Sendable (_ tokens: Int, _ isQueued: Bool) -> Void
  ) throws(InferenceError) {
    try admission.take(tokens: tokens)
    content.withLock { content in
      content.phase = .waiting
      content.tokens = tokens
      content.withdrawal = withdrawal
    }
    // A request that came before had nothing to withdraw.
    if isCancelled { cancel() }
  }

  /// The prompt is known and goes to the compute thread; `false` when the place is gone.
  ///
  /// - Throws: ``InferenceError/overloaded(running:queued:queueLimit:queuedTokens:queuedTokenLimit:waitSeconds:)``.
  func enqueue(tokens: Int) throws(InferenceError) -> Bool {
    try content.withLock { content throws(InferenceError) in
      guard content.phase == .waiting else { return false }
      if content.tokens == 0 {
        try admission.add(tokens: tokens)
        content.tokens = tokens
      }
      content.phase = .queued
      return true
    }
  }

  /// The compute thread takes the generation up; `false` when it was withdrawn.
  func begin() -> Bool {
    content.withLock { content in
      guard content.phase == .queued else { return false }
      content.phase = .running
      content.withdrawal = nil
      admission.begin(tokens: content.tokens)
      return true
    }
  }

  /// Gives the place back; `false` when it was given back before.
  @discardableResult
  func end(_ outcome: Admission.Outcome) -> Bool {
    content.withLock { content in
      switch content.phase {
      case .waiting, .queued: admission.leaveQueue(tokens: content.tokens, outcome)
      case .running: admission.end(outcome)
      case .outside, .over: return false
      }
      content.leave()
      return true
    }
  }

  /// Asks for the end; whoever waits is gone when this returns.
  func cancel() {
    cancellation.request()
    let withdraw: (@Sendable () -> Void)? = content.withLock { content in
      guard content.phase == .waiting || content.phase == .queued, let withdrawal = content.withdrawal else {
        return nil
      }
      let (tokens, isQueued) = (content.tokens, content.phase == .queued)
      admission.leaveQueue(tokens: tokens, .cancelled)
      content.leave()
      return { withdrawal(tokens, isQueued) }
    }
    withdraw?()
  }
}
