import CVenturi
import Models
import Synchronization

/// Runs every generation of an engine on one thread: each step gathers one token from each generation and chunks of the
/// prompts into one evaluation; see ``SchedulerLoop`` for who gets what.
final class Scheduler: Sendable {
  enum Message {
    case job(Job)
    case alone(@Sendable () -> Void)
    case clearStore(@Sendable () -> Void)
  }

  let admission: Admission
  private let mailbox = Mailbox<Message>()
  private let figures: Figures
  private let adapters: AdapterRegistry?

  /// A scheduler of sequences of up to `contextLength` tokens.
  ///
  /// - Throws: ``InferenceError/invalidOption(field:value:problem:)`` when one sequence does not fit the memory for states.
  init(
    model: any LanguageModel, options: EngineOptions, contextLength: Int, adapters: AdapterRegistry? = nil
  ) throws(InferenceError) {
    admission = Admission(options)
    let limits = try SchedulerLoop.Limits(options, model: model, contextLength: contextLength)
    var statistics = EngineStatistics()
    statistics.runningLimit = admission.maxRunning
    statistics.queueLimit = admission.maxQueued
    statistics.queuedTokenLimit = admission.maxQueuedTokens
    statistics.capacityBytes = limits.capacity
    statistics.storeLimit = limits.storeBytes
    statistics.adapterLimit = adapters?.limit ?? 0
    self.adapters = adapters
    figures = Figures(statistics)
    let (mailbox, figures) = (mailbox, figures)
    try Thread.start {
      var loop = SchedulerLoop(model: model, limits: limits, mailbox: mailbox, figures: figures, adapters: adapters)
      loop.run()
    }
  }

  /// What is done and was done.
  var statistics: EngineStatistics {
    var statistics = figures.value
    let counts = admission.counts
    (statistics.running, statistics.queued) = (counts.running, counts.queued)
    (statistics.queuedTokens, statistics.waitSeconds) = (counts.queuedTokens, counts.waitSeconds)
    (statistics.completed, statistics.cancelled) = (counts.completed, counts.cancelled)
    (statistics.failed, statistics.refused) = (counts.failed, counts.refused)
    if let counts = adapters?.counts {
      (statistics.adapters, statistics.adapterBytes) = (counts.loaded, counts.bytes)
      (statistics.adapterLoads, statistics.adapterEvictions) = (counts.loads, counts.evictions)
    }
    return statistics
  }

  /// Queues a generation; `false` after ``stop()``.
  func submit(_ job: sending Job) -> Bool { mailbox.send(.job(job)) }

  /// Runs `body` between two steps; `false` after ``stop()``.
  func perform(_ body: @escaping @Sendable () -> Void) -> Bool { mailbox.send(.alone(body)) }

  /// Empties the store between two steps, then calls `done`; `false` after ``stop()``.
  func clearStore(_ done: @escaping @Sendable () -> Void) -> Bool { mailbox.send(.clearStore(done)) }

  /// Ends the thread once nothing is left to do.
  func stop() { mailbox.close() }

  /// The part of the statistics that the thread keeps.
  final class Figures: Sendable {
    private let content: Mutex<EngineStatistics>
    init(_ statistics: EngineStatistics) { content = Mutex(statistics) }
    var value: EngineStatistics {
      get { content.withLock { $0 } }
      set { content.withLock { $0 = newValue } }
    }
  }
}
