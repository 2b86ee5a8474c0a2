import Layers
import Models
import Tensors

/// The scheduler's side of the thread; only that thread touches it.
///
/// Generations get places in the order in which they came. In each step every generation that answers gets its next token;
/// prompts share what is left (see ``SchedulerLoop/plan()``). States take memory up to a bound: the store of beginnings
/// yields first, then the generation that came last, which goes on where it was once there is room.
struct SchedulerLoop {
  let model: any LanguageModel
  let limits: Limits
  let mailbox: Mailbox<Scheduler.Message>
  let scratch = SamplingScratch()
  var store: PrefixStore
  var budget: StepBudget
  var waiting: [Job] = []
  /// In the order in which they came.
  var running: [Job] = []
  var statistics: EngineStatistics
  private let figures: Scheduler.Figures
  private let adapters: AdapterRegistry?
  private var received = 0
  /// How many steps may yet change which memory states share.
  var unsettledSteps = 0
  var accountedBytes = -1

  init(
    model: any LanguageModel, limits: Limits, mailbox: Mailbox<Scheduler.Message>, figures: Scheduler.Figures,
    adapters: AdapterRegistry? = nil
  ) {
    self.adapters = adapters
    self.model = model
    self.limits = limits
    self.mailbox = mailbox
    self.figures = figures
    statistics = figures.value
    store = PrefixStore(limit: limits.storeBytes, canTruncate: limits.canTruncate)
    budget = StepBudget(target: limits.stepSeconds, model: model.description)
  }

  mutating func run() {
    while let messages = mailbox.receive(waits: running.isEmpty && waiting.isEmpty) {
      for message in messages {
        switch message {
        case .job(let job):
          received += 1
          job.number = received
          waiting.append(job)
        case .alone(let body): body()
        case .clearStore(let done):
          while store.evict() {}
          unsettledSteps = 2
          account()
          publish()
          done()
        }
      }
      endCancelled()
      admit()
      resumeFollowers()
      if !running.isEmpty { step() }
      account()
      publish()
    }
  }

  private func publish() { figures.value = statistics }

  private mutating func endCancelled() {
    for job in waiting where job.isPreempted && job.isCancelled { job.finish(.cancelled) }
    waiting.removeAll { $0.place.isOver }
    for job in running where job.isCancelled { job.finish(.cancelled) }
    removeFinished()
  }

  mutating func removeFinished() {
    for job in running where job.isFinished {
      unsettledSteps = 2
      if let kept = job.kept { store.insert(kept.tokens, kept.snapshot, version: job.version) }
      job.kept = nil
    }
    running.removeAll(where: \.isFinished)
  }

  private mutating func admit() {
    while running.count < limits.running, let job = waiting.first, hasMemory(for: job), hasAdapterRoom(for: job) {
      waiting.removeFirst()
      guard job.isPreempted || job.place.begin() else { continue }
      do { try job.begin(keepsPrefix: store.limit > 0, adapters) } catch {
        job.fail(error)
        continue
      }
      let place = running.firstIndex { $0.number > job.number } ?? running.count
      running.insert(job, at: place)
      acquire(job)
    }
    removeFinished()
  }

  private func hasAdapterRoom(for job: Job) -> Bool {
    guard let adapters, let name = job.order.session.engine.adapter, job.adapter == nil else { return true }
    return adapters.hasRoom(for: name)
  }

  /// One evaluation.
  private mutating func step() {
    let step = roomyPlan()
    if step.runs.isEmpty { return }
    let begin = ContinuousClock.now
    let generated = step.jobs.reduce(0) { $0 + $1.usage.completionTokens }
    do {
      let logits = try evaluate(step)
      deliver(logits, to: step)
      budget.learn(units: step.units, seconds: begin.seconds(to: .now))
    } catch is CancellationError {
      // The states are as before; the next turn of the loop ends the cancelled.
      return
    } catch {
      evaluateEach(step, after: error)
    }
    statistics.steps += 1
    statistics.rows += step.runs.reduce(0) { $0 + $1.tokens.count }
    statistics.promptTokens += step.promptTokens
    statistics.generatedTokens += step.jobs.reduce(-generated) { $0 + $1.usage.completionTokens }
    keepMarked(step.jobs)
    removeFinished()
  }

  private mutating func evaluate(_ step: Step) throws -> Logits {
    do { return try model.evaluate(TokenBatch(step.runs)) { step.jobs.allSatisfy(\.isCancelled) } } catch {
      guard Self.isOutOfMemory(error), store.count > 0 else { throw error }
      while store.evict() {}
      unsettledSteps = 2
      return try model.evaluate(TokenBatch(step.runs)) { step.jobs.allSatisfy(\.isCancelled) }
    }
  }

  private static func isOutOfMemory(_ error: any Error) -> Bool {
    if case .memory = error as? MixerError { return true }
    if case .outOfMemory = error as? TensorError { return true }
    return false
  }

  private func deliver(_ logits: Logits, to step: Step) {
    for (index, job) in step.jobs.enumerated() {
      do { try job.take(logits, rows: logits.rows[index], of: step.runs[index], model, scratch) } catch {
        job.fail(error)
      }
    }
  }

  /// Finds whom an error belongs to: one generation's failure is no other's.
  private func evaluateEach(_ step: Step, after error: any Error) {
    if step.jobs.count == 1 { return step.jobs[0].fail(error) }
    for (job, run) in zip(step.jobs, step.runs) {
      do {
        let logits = try model.evaluate(TokenBatch([run])) { job.isCancelled }
        try job.take(logits, rows: logits.rows[0], of: run, model, scratch)
      } catch is CancellationError {
        continue
      } catch { job.fail(error) }
    }
  }
}
