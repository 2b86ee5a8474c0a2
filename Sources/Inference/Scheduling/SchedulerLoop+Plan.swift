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
  /// `mixedPromptTokens` when somebody answers and to `stepTokens` else, and no more than makes the step last `stepSeconds`
  /// (four times that for one that is alone). Half of that is the oldest prompt's, so that none waits for ever; the other
  /// half goes to the prompts that have the least to go, so that a short one waits for no long one. A step in which a prompt
  /// ends is kept short: prompts of the same length are answered one after the other, not all at the end.
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
    for (job, count) in shares(of: spare, after: step.units, prompts) {
      step.promptTokens += count
      step.add(job, job.promptChunk(count), budget)
    }
    return step.grouped()
  }

  /// How many of its tokens each prompt gets beside single steps of `spent` units.
  private func shares(of tokens: Int, after spent: Double, _ prompts: [Job]) -> [(Job, Int)] {
    var counts = [Int](repeating: 0, count: prompts.count)
    var tokens = tokens
    var (given, ends) = (0, false)
    // One that is alone can be stopped between layers; only who comes meanwhile waits for its step.
    let isAlone = running.count == 1 && waiting.isEmpty
    var units = isAlone ? 4 * budget.units : budget.units - spent
    // What a step takes in any case.
    let least = min(tokens, isAlone ? StepBudget.fullTokens : StepBudget.leastTokens)
    func give(_ index: Int, _ share: Int) {
      let count = min(share, prompts[index].chunkLimit - counts[index])
      guard count > 0 else { return }
      units -= budget.units(count, after: prompts[index].depth + counts[index])
      counts[index] += count
      tokens -= count
      given += count
      ends = ends || counts[index] == prompts[index].pendingCount
    }
    func affordable(_ index: Int, _ units: Double, _ limit: Int) -> Int {
      budget.tokens(for: units, after: prompts[index].depth + counts[index], limit: limit)
    }
    give(0, max(affordable(0, units / 2, tokens - tokens / 2), least - least / 2))
    let order = prompts.indices.sorted { (prompts[$0].pendingCount, $0) < (prompts[$1].pendingCount, $1) }
    for index in order where tokens > 0 {
      // Whose prompt ends in this step waits for the step's end, so others join only until products are at their fastest.
      let room = ends ? max(0, StepBudget.fullTokens - given) : tokens
      give(index, affordable(index, units, min(tokens, room)))
    }
    // Where single steps alone take all the time, prompts still go on.
    for index in order where given < least && tokens > 0 { give(index, min(least - given, tokens)) }
    return zip(prompts, counts).filter { $0.1 > 0 }
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
