import Inference
import Planner

/// Requests that are all there at once, as the engine's scheduler takes them through a model: the throughput that settings would
/// give, step by step, from what steps cost.
///
/// As the engine does it: places in the order of the requests; a token of every sequence that answers; prompts in what the engine's
/// own `StepBudget` gives them of the rest.
package struct ScheduledWork: Sendable, Hashable {
  /// A request.
  package struct Request: Sendable, Hashable, Codable {
    /// Tokens of its prompt.
    package var promptTokens: Int
    /// Tokens of its answer.
    package var outputTokens: Int

    /// A request.
    package init(promptTokens: Int, outputTokens: Int) {
      (self.promptTokens, self.outputTokens) = (promptTokens, outputTokens)
    }
  }

  /// The scheduler's settings; the engine's own where nothing is said.
  package struct Settings: Sendable, Hashable {
    /// Sequences at once.
    package var sequences = 64
    /// The most tokens of a step.
    package var stepTokens = 512
    /// The most tokens of prompts in a step in which others get a token.
    package var mixedPromptTokens = 128
    /// How long a step should last at most that several share, in seconds.
    package var stepSeconds = 0.08

    /// The engine's own.
    package init() {}
  }

  /// The most tokens of all requests together.
  package static let tokenLimit = 1 << 22

  /// The requests.
  package let requests: [Request]
  /// What a token costs for each before it, in tokens that have none before them: attention by weights.
  package let perDepth: Double

  /// Work.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no requests, lengths below one, and more than 2²² tokens in all.
  package init(_ requests: [Request], perDepth: Double = 0) throws(PlannerError) {
    var sum = 0
    for (number, request) in requests.enumerated() {
      for (field, tokens) in [("promptTokens", request.promptTokens), ("outputTokens", request.outputTokens)] {
        guard tokens >= 1, tokens <= Self.tokenLimit - sum else {
          throw .invalid(
            field: "requests[\(number)].\(field)",
            problem: "\(tokens) is none, or makes more than \(Self.tokenLimit) in all")
        }
        sum += tokens
      }
    }
    guard !requests.isEmpty else { throw .invalid(field: "requests", problem: "there are none") }
    guard perDepth >= 0, perDepth < 1 else {
      throw .invalid(field: "perDepth", problem: "\(perDepth) lies outside 0…1")
    }
    self.requests = requests
    self.perDepth = perDepth
  }

  /// Tokens of all answers.
  package var outputTokens: Int { requests.reduce(0) { $0 + $1.outputTokens } }

  /// Generated tokens a second with settings, where steps take what `times` says.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for settings that are none, and times that are not above 0.
  package func throughput(_ settings: Settings, times: some IterationTimes) throws(PlannerError) -> Double {
    Double(outputTokens) / (try seconds(settings, times: times))
  }

  /// Seconds from the first step to the last.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for settings that are none, and times that are not above 0.
  package func seconds(_ settings: Settings, times: some IterationTimes) throws(PlannerError) -> Double {
    for (field, value) in [
      ("sequences", settings.sequences), ("stepTokens", settings.stepTokens),
      ("mixedPromptTokens", settings.mixedPromptTokens),
    ] where !(1...1 << 20).contains(value) {
      throw .invalid(field: field, problem: "\(value) lies outside 1…2²⁰")
    }
    guard settings.sequences <= settings.stepTokens else {
      throw .invalid(field: "sequences", problem: "\(settings.sequences) are more than the tokens of a step")
    }
    guard settings.stepSeconds > 0, settings.stepSeconds <= 3600 else {
      throw .invalid(field: "stepSeconds", problem: "\(settings.stepSeconds) lies outside 0…3600 s")
    }
    var run = Run(self, settings)
    while let batch = run.plan() {
      let seconds = times.seconds(of: batch)
      guard seconds > 0, seconds < 1e9 else { throw .invalid(field: "times", problem: "\(seconds) s for \(batch)") }
      run.end(after: seconds)
    }
    return run.seconds
  }

  /// A run of the work.
  private struct Run {
    struct Sequence {
      var prompt: Int
      var answer: Int
      var depth = 0
      var generated = 0
      /// Tokens in this step.
      var step = 0

      var pending: Int { prompt - depth }
      var isDecoding: Bool { generated > 0 }
    }

    let settings: Settings
    var waiting: ArraySlice<Request>
    var running: [Sequence] = []
    var seconds = 0.0
    var spent = 0.0
    var budget: StepBudget

    init(_ work: ScheduledWork, _ settings: Settings) {
      self.settings = settings
      budget = StepBudget(target: settings.stepSeconds, perDepth: work.perDepth)
      waiting = work.requests[...]
    }

    /// What is computed next; nothing at the end.
    mutating func plan() -> IterationBatch? {
      while running.count < settings.sequences, let request = waiting.popFirst() {
        running.append(Sequence(prompt: request.promptTokens, answer: request.outputTokens))
      }
      guard !running.isEmpty else { return nil }
      var batch = IterationBatch()
      spent = 0
      for index in running.indices {
        running[index].step = running[index].isDecoding ? 1 : 0
        guard running[index].isDecoding else { continue }
        let depth = running[index].depth
        batch.sequences += 1
        batch.contextTokens += depth
        spent += budget.units(1, after: depth)
      }
      let prompts = running.indices.filter { !running[$0].isDecoding }
      var spare = settings.stepTokens - batch.sequences
      if batch.sequences > 0 { spare = min(spare, settings.mixedPromptTokens) }
      if prompts.isEmpty { return batch }
      let counts = budget.shares(
        of: spare, beside: spent,
        among: prompts.map {
          StepBudget.Prompt(
            depth: running[$0].depth, pending: running[$0].pending, chunkLimit: running[$0].pending)
        }, isAlone: running.count == 1 && waiting.isEmpty)
      for (index, tokens) in zip(prompts, counts) {
        running[index].step = tokens
        let depth = running[index].depth
        batch.promptTokens += tokens
        batch.promptPast += tokens > 0 ? depth : 0
        batch.promptPairs += Double(tokens) * (Double(depth) + (Double(tokens) + 1) / 2)
        spent += budget.units(tokens, after: depth)
      }
      return batch
    }

    /// The step's tokens are there.
    mutating func end(after step: Double) {
      seconds += step
      budget.learn(units: spent, seconds: step)
      for index in running.indices where running[index].step > 0 {
        running[index].depth += running[index].step
        // The step that ends a prompt gives the first token.
        if running[index].depth >= running[index].prompt { running[index].generated += 1 }
      }
      running.removeAll { $0.generated >= $0.answer }
    }
  }
}
