import CVenturi
import Formats
import Inference
import Layers
import Models
import Tensors

extension EngineTrials {
  /// What techniques need to know: the machine's ceilings for the thread counts that may be tried, the seconds of steps of
  /// several sizes with the settings in force, the cost of the goal's work and the model's answers.
  ///
  /// - Parameters:
  ///   - settings: those in force, every value decided.
  ///   - report: called with what is being done.
  /// - Throws: what the engine throws.
  public func subject(
    _ settings: EngineSettings, report: @Sendable (String) -> Void = { _ in }
  ) async throws -> Subject {
    let machine = MachineIdentity.current
    let inventory = try WeightInventory(checkpoint)
    report("measuring the machine")
    var limits: [Int: StepCosts.Limits] = [:]
    for threads in Set(ThreadCount.counts(processors: machine.processors) + [settings.threads ?? 1]).sorted() {
      let context = Context(threads: threads)
      limits[threads] = StepCosts.Limits(
        ceilings: try Ceilings.measure(context: context, bytes: 64 << 20, repeats: 5),
        forkSeconds: Self.forkSeconds(context, processors: machine.processors))
    }
    report("measuring the settings in force")
    let depth = if case .decode(let depth) = goal { depth } else { 0 }
    let engine = try run(settings).engine
    let (prompt, checked) = try await engine.withModel { model in
      (
        try Self.steps(model, depth: depth, rows: [1, 16, 64, 256], logits: .last),
        try Self.steps(model, depth: depth, rows: [1, 2, 4, 8, 17], logits: .all)
      )
    }
    _ = try await turn(settings, beside: settings)
    var costs: [Double] = []
    for _ in 0..<3 { costs.append(try await turn(settings, beside: settings)) }
    let workload = if case .decode = goal { self.workload } else { questions }
    let answers = try await answers(settings)
    let description = engine.model.description
    return Subject(
      goal: goal, settings: settings, baseline: Summary(costs)?.median ?? 0, model: description, machine: machine,
      costs: StepCosts(
        settings: settings, model: description, inventory: inventory, limits: limits, promptSteps: prompt,
        checkedSteps: checked, depth: depth),
      samples: zip(workload.items, answers).map {
        Subject.Sample(kind: $0.kind, prompt: $0.tokens, answer: $1)
      }, tokenizer: tokenizer, template: template)
  }

  /// What a fork and join of all threads costs beyond its items' own time, where each has some microseconds of
  /// arithmetic: the least of several batches, since one that other programs disturbed says nothing about a limit. With
  /// more threads than processors, items wait for a processor.
  private static func forkSeconds(_ context: Context, processors: Int) -> Double {
    let (workers, isa) = (context.workers, context.kernelSet.isa)
    if workers.count == 1 { return 0 }
    let count = 200
    func chain(_ rounds: Int64) { _ = vt_measure_chain(isa, VT_CHAIN_F32, rounds) }
    var rounds: Int64 = 64
    func alone() -> Double {
      TimingProtocol.time { for _ in 0..<count { chain(rounds) } } / Double(count)
    }
    while rounds < 1 << 30, alone() < 20e-6 { rounds *= 2 }
    let single = Summary((0..<7).map { _ in alone() })?.min ?? 0
    let batches = (0..<7).map { _ in
      TimingProtocol.time {
        for _ in 0..<count { workers.run(workers.count) { [rounds] _, _ in chain(rounds) } }
      } / Double(count)
    }
    let turns = (workers.count + processors - 1) / max(1, processors)
    return max(0, (Summary(batches)?.min ?? 0) - single * Double(turns))
  }

  /// The seconds of a step for each number of rows, after `depth` tokens: the median of three after a first one.
  private static func steps(
    _ model: any LanguageModel, depth: Int, rows: [Int], logits: TokenBatch.LogitRows
  ) throws -> [StepCosts.Measured] {
    let size = model.description.vocabularySize
    let most = model.description.contextLength
    let capacity = min(most, depth + (rows.max() ?? 1))
    func tokens(_ range: Range<Int>) -> [Int32] { range.map { ModelContestant.token($0, vocabulary: size) } }
    func filled() throws -> any MixerState {
      let state = try model.makeState(capacity: capacity)
      var start = 0
      while start < depth {
        let end = min(start + ModelContestant.chunk, depth)
        let run = TokenBatch.Run(state: state, tokens: tokens(start..<end), logits: .none)
        _ = try model.evaluate(TokenBatch([run]), isCancelled: { false })
        start = end
      }
      return state
    }
    var state = try filled()
    var found: [StepCosts.Measured] = []
    for count in rows where depth + count <= capacity {
      var seconds: [Double] = []
      for round in 0...3 {
        if state.tokens > depth, !state.rewind(to: depth) { state = try filled() }
        let run = TokenBatch.Run(state: state, tokens: tokens(depth..<(depth + count)), logits: logits)
        let time = try TimingProtocol.time { _ = try model.evaluate(TokenBatch([run]), isCancelled: { false }) }
        if round > 0 { seconds.append(time) }
      }
      found.append(StepCosts.Measured(rows: count, seconds: Summary(seconds)?.median ?? 0))
    }
    return found
  }
}
