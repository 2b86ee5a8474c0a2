import Models
import Synchronization

/// Runs every generation of an engine on one thread: each step gathers one token from each generation and chunks of the
/// prompts into one evaluation.
///
/// Steps are fair: no generation gets a second token before every other has its first, and prompts share what a step has
/// left in equal parts, so a short one never waits for a long one to end.
final class Scheduler: Sendable {
  enum Message {
    case job(Job)
    case alone(@Sendable () -> Void)
  }

  private let mailbox = Mailbox<Message>()
  private let reserved = Mutex(0)
  private let maxRunning: Int
  private let maxQueued: Int
  private let figures = Figures()

  /// What the thread says of itself.
  final class Figures: Sendable {
    let value = Mutex(EngineStatistics())
  }

  /// What is done.
  var statistics: EngineStatistics { figures.value.withLock { $0 } }

  init(model: any LanguageModel, options: EngineOptions) throws(InferenceError) {
    let limits = SchedulerLoop.Limits(options)
    maxRunning = limits.running
    maxQueued = options.maxQueued
    let (mailbox, figures) = (mailbox, figures)
    try Thread.start {
      var loop = SchedulerLoop(model: model, limits: limits, mailbox: mailbox, figures: figures)
      loop.run()
    }
  }

  /// Takes a place for a generation.
  ///
  /// - Throws: ``InferenceError/overloaded(running:queued:queueLimit:)``.
  func reserve() throws(InferenceError) {
    let count: Int? = reserved.withLock { count in
      guard count < maxRunning + maxQueued else { return count }
      count += 1
      return nil
    }
    guard let count else { return }
    throw .overloaded(running: min(count, maxRunning), queued: max(0, count - maxRunning), queueLimit: maxQueued)
  }

  /// Gives a place back.
  func unreserve() { reserved.withLock { $0 -= 1 } }

  /// The generations that run or wait.
  var count: Int { reserved.withLock { $0 } }

  /// Queues a generation; `false` after ``stop()``.
  func submit(_ job: sending Job) -> Bool { mailbox.send(.job(job)) }

  /// Runs `body` between two steps; `false` after ``stop()``.
  func perform(_ body: @escaping @Sendable () -> Void) -> Bool { mailbox.send(.alone(body)) }

  /// Ends the thread once nothing is left to do.
  func stop() { mailbox.close() }
}
