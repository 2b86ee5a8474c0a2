/// Requests that are all there at once, as the engine's scheduler takes them through a model: the throughput that settings would
/// give, step by step, from what steps cost.
///
/// As the engine does it: places in the order of the requests; a token of every sequence that answers; prompts in what is left of a
/// step, half of it for the oldest and the rest for those that have the least to go, no more than keeps a step that others share at
/// its length, which is learnt from the steps before.
public struct ScheduledWork: Sendable, Hashable {
  /// A request.
  public struct Request: Sendable, Hashable, Codable {
    /// Tokens of its prompt.
    public var promptTokens: Int
    /// Tokens of its answer.
    public var outputTokens: Int

    /// A request.
    public init(promptTokens: Int, outputTokens: Int) {
      (self.promptTokens, self.outputTokens) = (promptTokens, outputTokens)
    }
  }

  /// The scheduler's settings; the engine's own where nothing is said.
  public struct Settings: Sendable, Hashable {
    /// Sequences at once.
    public var sequences = 64
    /// The most tokens of a step.
    public var stepTokens = 512
    /// The most tokens of prompts in a step in which others get a token.
    public var mixedPromptTokens = 128
    /// How long a step should last at most that several share, in seconds.
    public var stepSeconds = 0.08

    /// The engine's own.
    public init() {}
  }

  /// The most tokens of all requests together.
  public static let tokenLimit = 1 << 22

  /// The requests.
  public let requests: [Request]
  /// What a token costs for each before it, in tokens that have none before them: attention by weights.
  public let perDepth: Double

  /// Work.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no requests, lengths below one, and more than 2²² tokens in all.
  public init(_ requests: [Request], perDepth: Double = 0) throws(PlannerError) {
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
  public var outputTokens: Int { requests.reduce(0) { $0 + $1.outputTokens } }

  /// Generated tokens a second with settings, where steps take what `times` says.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for settings that are none, and times that are not above 0.
  public func throughput(_ settings: Settings, times: some IterationTimes) throws(PlannerError) -> Double {
    Double(outputTokens) / (try seconds(settings, times: times))
  }

  /// Seconds from the first step to the last.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for settings that are none, and times that are not above 0.
  public func seconds(_ settings: Settings, times: some IterationTimes) throws(PlannerError) -> Double {
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

    /// As in the engine: rows of prompts that a step takes however long they take, those from which on products are as fast as they
    /// get, and what a first step takes.
    static let (leastTokens, fullTokens, firstUnits) = (16, 128, 64.0)

    let work: ScheduledWork
    let settings: Settings
    var waiting: ArraySlice<Request>
    var running: [Sequence] = []
    var seconds = 0.0
    var spent = 0.0
    var secondsPerUnit: Double?

    init(_ work: ScheduledWork, _ settings: Settings) {
      (self.work, self.settings) = (work, settings)
      waiting = work.requests[...]
    }

    func units(_ tokens: Int, after depth: Int) -> Double {
      Double(tokens) * (1 + work.perDepth * (Double(depth) + Double(tokens) / 2))
    }

    /// How many tokens after `depth` others so many units pay for.
    func tokens(for units: Double, after depth: Int, limit: Int) -> Int {
      if units <= 0 { return 0 }
      let (first, per) = (1 + work.perDepth * Double(depth), work.perDepth)
      let count = per > 0 ? ((first * first + 2 * per * units).squareRoot() - first) / per : units
      return count >= Double(limit) ? limit : Int(count)
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
        spent += units(1, after: depth)
      }
      let prompts = running.indices.filter { !running[$0].isDecoding }
      var spare = settings.stepTokens - batch.sequences
      if batch.sequences > 0 { spare = min(spare, settings.mixedPromptTokens) }
      if !prompts.isEmpty { share(spare, prompts) }
      for index in prompts {
        let (tokens, depth) = (running[index].step, running[index].depth)
        batch.promptTokens += tokens
        batch.promptPast += tokens > 0 ? depth : 0
        batch.promptPairs += Double(tokens) * (Double(depth) + (Double(tokens) + 1) / 2)
        spent += units(tokens, after: depth)
      }
      return batch
    }

    private mutating func share(_ tokens: Int, _ prompts: [Int]) {
      var (left, given, ends) = (tokens, 0, false)
      let isAlone = running.count == 1 && waiting.isEmpty
      let all = secondsPerUnit.map { settings.stepSeconds / $0 } ?? Self.firstUnits
      var units = isAlone ? 4 * all : all - spent
      let least = min(tokens, isAlone ? Self.fullTokens : Self.leastTokens)
      func give(_ index: Int, _ share: Int, _ run: inout Run) {
        let count = min(share, run.running[index].pending - run.running[index].step)
        guard count > 0 else { return }
        units -= run.units(count, after: run.running[index].depth + run.running[index].step)
        run.running[index].step += count
        left -= count
        given += count
        ends = ends || run.running[index].step == run.running[index].pending
      }
      func affordable(_ index: Int, _ units: Double, _ limit: Int, _ run: Run) -> Int {
        run.tokens(for: units, after: run.running[index].depth + run.running[index].step, limit: limit)
      }
      give(prompts[0], max(affordable(prompts[0], units / 2, left - left / 2, self), least - least / 2), &self)
      let order = prompts.sorted { (running[$0].pending, $0) < (running[$1].pending, $1) }
      for index in order where left > 0 {
        let room = ends ? max(0, Self.fullTokens - given) : left
        give(index, affordable(index, units, min(left, room), self), &self)
      }
      for index in order where given < least && left > 0 { give(index, min(least - given, left), &self) }
    }

    /// The step's tokens are there.
    mutating func end(after step: Double) {
      seconds += step
      if spent >= Double(Self.leastTokens) {
        let measured = step / spent
        secondsPerUnit = secondsPerUnit.map { 0.6 * $0 + 0.4 * measured } ?? measured
      }
      for index in running.indices where running[index].step > 0 {
        running[index].depth += running[index].step
        // The step that ends a prompt gives the first token.
        if running[index].depth >= running[index].prompt { running[index].generated += 1 }
      }
      running.removeAll { $0.generated >= $0.answer }
    }
  }
}
