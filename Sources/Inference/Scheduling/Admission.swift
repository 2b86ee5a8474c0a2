import Synchronization

/// The places of an engine: counts who runs and who waits, refuses what is too much, and says how long waiting takes.
final class Admission: Sendable {
  /// How a generation left.
  enum Outcome { case completed, cancelled, failed }

  /// The counts at one moment.
  struct Counts {
    var running = 0
    var queued = 0
    /// Prompt tokens of those that wait.
    var queuedTokens = 0
    var completed = 0
    var cancelled = 0
    var failed = 0
    var refused = 0
    /// Since when the next end is waited for, while something runs.
    fileprivate var mark = ContinuousClock.now
    /// The mean time between two ends while something ran.
    fileprivate var interval: Double?

    /// How long until a generation that came now would run, in seconds.
    var waitSeconds: Double {
      if running == 0 && queued == 0 { return 0 }
      let since = mark.seconds(to: .now)
      // Before anything has ended, what ran so far is the best guess there is.
      return Double(queued + 1) * max(interval ?? since, 0.001)
    }
  }

  let maxRunning: Int
  let maxQueued: Int
  let maxQueuedTokens: Int
  private let content = Mutex(Counts())

  init(_ options: EngineOptions) {
    maxRunning = options.maxRunning ?? EngineOptions.defaultMaxRunning
    maxQueued = options.maxQueued
    maxQueuedTokens = options.maxQueuedTokens
  }

  var counts: Counts { content.withLock { $0 } }

  /// Takes a place in the queue for a prompt of `tokens` tokens; 0 when they are not known yet.
  ///
  /// - Throws: ``InferenceError/overloaded(running:queued:queueLimit:queuedTokens:queuedTokenLimit:waitSeconds:)``.
  func take(tokens: Int) throws(InferenceError) {
    try change { counts in
      guard counts.running + counts.queued < maxRunning + maxQueued, hasRoom(tokens, counts) else { return false }
      counts.queued += 1
      counts.queuedTokens += tokens
      return true
    }
  }

  /// Counts the tokens of a prompt that has a place.
  ///
  /// - Throws: ``InferenceError/overloaded(running:queued:queueLimit:queuedTokens:queuedTokenLimit:waitSeconds:)``.
  func add(tokens: Int) throws(InferenceError) {
    try change { counts in
      guard hasRoom(tokens, counts) else { return false }
      counts.queuedTokens += tokens
      return true
    }
  }

  /// Refuses where no prompt however short would get a place.
  ///
  /// - Throws: ``InferenceError/overloaded(running:queued:queueLimit:queuedTokens:queuedTokenLimit:waitSeconds:)``.
  func check() throws(InferenceError) {
    try change { counts in counts.running + counts.queued < maxRunning + maxQueued }
  }

  /// One that waited runs.
  func begin(tokens: Int) {
    content.withLock { counts in
      if counts.running == 0 { counts.mark = .now }
      counts.queued -= 1
      counts.queuedTokens -= tokens
      counts.running += 1
    }
  }

  /// One that waited is gone.
  func leaveQueue(tokens: Int, _ outcome: Outcome) {
    content.withLock { counts in
      counts.queued -= 1
      counts.queuedTokens -= tokens
      counts.count(outcome)
    }
  }

  /// One that ran has ended.
  func end(_ outcome: Outcome) {
    content.withLock { counts in
      counts.running -= 1
      counts.count(outcome)
      guard outcome != .cancelled else { return }
      let now = ContinuousClock.now
      let interval = counts.mark.seconds(to: now)
      counts.interval = counts.interval.map { 0.8 * $0 + 0.2 * interval } ?? interval
      counts.mark = now
    }
  }

  /// Those that run at once, and a first one that waits, wait for no tokens.
  private func hasRoom(_ tokens: Int, _ counts: Counts) -> Bool {
    counts.running + counts.queued < maxRunning || counts.queuedTokens == 0
      || counts.queuedTokens + tokens <= maxQueuedTokens
  }

  private func change(_ body: (inout Counts) -> Bool) throws(InferenceError) {
    let refused: Counts? = content.withLock { counts in
      if body(&counts) { return nil }
      counts.refused += 1
      return counts
    }
    guard let refused else { return }
    // Those that are about to be taken up still count as waiting.
    let running = min(refused.running + refused.queued, maxRunning)
    throw .overloaded(
      running: running, queued: refused.running + refused.queued - running, queueLimit: maxQueued,
      queuedTokens: refused.queuedTokens, queuedTokenLimit: maxQueuedTokens, waitSeconds: refused.waitSeconds)
  }
}

extension Admission.Counts {
  fileprivate mutating func count(_ outcome: Admission.Outcome) {
    switch outcome {
    case .completed: completed += 1
    case .cancelled: cancelled += 1
    case .failed: failed += 1
    }
  }
}
