import Models

extension SchedulerLoop {
  /// What is evaluated at once.
  struct Step {
    var jobs: [Job] = []
    var runs: [TokenBatch.Run] = []
    var promptTokens = 0
    /// What it costs; see ``StepBudget``.
    var units = 0.0
  }

  /// What each generation gives to the next step.
  ///
  /// Every generation that answers gives one token, with guesses where there is room. Prompts get the rest, up to
  /// `mixedPromptTokens` when somebody answers and to `stepTokens` else, and of that what the budget gives them.
  func plan() -> Step {
    var step = Step()
    let active = running.filter { $0.awaited == nil }
    let single = active.filter(\.isDecoding)
    let prompts = active.filter { !$0.isDecoding }
    // Guesses may take what single steps leave, but never more than half of it from prompts.
    var spare = limits.stepTokens - single.count
    var guesses = prompts.isEmpty ? spare : spare / 2
    for job in single {
      let run = job.singleStep(guesses: guesses, scratch)
      guesses -= run.tokens.count - 1
      spare -= run.tokens.count - 1
      step.add(job, run, budget)
    }
    if prompts.isEmpty { return step.grouped() }
    if !single.isEmpty { spare = min(spare, limits.mixedPromptTokens) }
    let counts = budget.shares(
      of: spare, beside: step.units,
      among: prompts.map {
        StepBudget.Prompt(depth: $0.depth, pending: $0.pendingCount, chunkLimit: $0.chunkLimit)
      }, isAlone: running.count == 1 && waiting.isEmpty)
    for (job, count) in zip(prompts, counts) where count > 0 {
      step.promptTokens += count
      step.add(job, job.promptChunk(count), budget)
    }
    return step.grouped()
  }
}

extension SchedulerLoop.Step {
  fileprivate mutating func add(_ job: Job, _ run: TokenBatch.Run, _ budget: StepBudget) {
    units += budget.units(run.tokens.count, after: run.state.tokens)
    jobs.append(job)
    runs.append(run)
  }

  /// The step with the rows of each adapter side by side, which are computed together then; the answers are the same.
  fileprivate func grouped() -> Self {
    guard jobs.contains(where: { $0.version != 0 }) else { return self }
    let order = jobs.indices.sorted { (jobs[$0].version, $0) < (jobs[$1].version, $1) }
    var step = self
    step.jobs = order.map { jobs[$0] }
    step.runs = order.map { runs[$0] }
    return step
  }
}
