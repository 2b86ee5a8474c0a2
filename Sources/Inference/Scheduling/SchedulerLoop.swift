import Models

/// The scheduler's side of the thread; only that thread touches it.
struct SchedulerLoop {
  let model: any LanguageModel
  let limits: Limits
  let mailbox: Mailbox<Scheduler.Message>
  private let figures: Scheduler.Figures
  let scratch = SamplingScratch()
  private var waiting: [Job] = []
  private var running: [Job] = []

  /// What a step may hold.
  struct Limits {
    let stepTokens: Int
    let mixedPromptTokens: Int
    let running: Int

    /// The limits of options in which every setting is decided.
    init(_ options: EngineOptions) {
      stepTokens = options.stepTokens ?? EngineOptions.defaultStepTokens
      mixedPromptTokens = options.mixedPromptTokens ?? EngineOptions.defaultMixedPromptTokens
      running = options.maxRunning ?? EngineOptions.defaultMaxRunning
    }
  }

  init(model: any LanguageModel, limits: Limits, mailbox: Mailbox<Scheduler.Message>, figures: Scheduler.Figures) {
    self.model = model
    self.limits = limits
    self.mailbox = mailbox
    self.figures = figures
  }

  mutating func run() {
    while let messages = mailbox.receive(waits: running.isEmpty && waiting.isEmpty) {
      for message in messages {
        switch message {
        case .job(let job): waiting.append(job)
        case .alone(let body): body()
        }
      }
      endCancelled()
      admit()
      if !running.isEmpty { step() }
      tell()
    }
  }

  /// Says what is done.
  private func tell() {
    figures.value.withLock { figures in
      (figures.running, figures.queued) = (running.count, waiting.count)
      figures.runningBytes = running.reduce(0) { $0 + ($1.state?.bytes ?? 0) }
    }
  }

  private mutating func endCancelled() {
    for job in waiting where job.isCancelled { job.finish(.cancelled) }
    for job in running where job.isCancelled { job.finish(.cancelled) }
    waiting.removeAll(where: \.isFinished)
    running.removeAll(where: \.isFinished)
  }

  private mutating func admit() {
    let free = min(limits.running - running.count, waiting.count)
    for job in waiting.prefix(free) {
      do {
        try job.begin(model)
        running.append(job)
      } catch { job.fail(error) }
    }
    waiting.removeFirst(free)
  }

  /// One evaluation.
  private mutating func step() {
    let (jobs, runs) = plan()
    do {
      let logits = try model.evaluate(TokenBatch(runs)) { jobs.allSatisfy(\.isCancelled) }
      deliver(logits, to: jobs, runs)
    } catch is CancellationError {
      // The states are as before; the next turn of the loop ends the cancelled.
    } catch {
      evaluateEach(jobs, runs, after: error)
    }
    running.removeAll(where: \.isFinished)
  }

  /// What each generation gives to the next step.
  private func plan() -> ([Job], [TokenBatch.Run]) {
    var jobs: [Job] = []
    var runs: [TokenBatch.Run] = []
    let single = running.filter(\.isDecoding)
    let prompts = running.filter { !$0.isDecoding }.sorted { $0.pendingCount < $1.pendingCount }
    // Guesses may take what single steps leave, but never more than half of it from prompts.
    var spare = limits.stepTokens - single.count
    var guesses = prompts.isEmpty ? spare : spare / 2
    for job in single {
      let run = job.singleStep(guesses: guesses, scratch)
      guesses -= run.tokens.count - 1
      spare -= run.tokens.count - 1
      jobs.append(job)
      runs.append(run)
    }
    if !single.isEmpty { spare = min(spare, limits.mixedPromptTokens) }
    for (index, job) in prompts.enumerated() {
      let share = min(job.pendingCount, max(spare / (prompts.count - index), min(spare, 1)))
      if share == 0 { break }
      spare -= share
      jobs.append(job)
      runs.append(job.promptChunk(share))
    }
    return (jobs, runs)
  }

  private func deliver(_ logits: Logits, to jobs: [Job], _ runs: [TokenBatch.Run]) {
    for (index, job) in jobs.enumerated() {
      do { try job.take(logits, rows: logits.rows[index], of: runs[index], model, scratch) } catch { job.fail(error) }
    }
  }

  /// Finds whom an error belongs to: one generation's failure is no other's.
  private func evaluateEach(_ jobs: [Job], _ runs: [TokenBatch.Run], after error: any Error) {
    if jobs.count == 1 { return jobs[0].fail(error) }
    for (job, run) in zip(jobs, runs) {
      do {
        let logits = try model.evaluate(TokenBatch([run])) { job.isCancelled }
        try job.take(logits, rows: logits.rows[0], of: run, model, scratch)
      } catch is CancellationError {
        continue
      } catch { job.fail(error) }
    }
  }
}
