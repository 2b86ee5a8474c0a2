import Planner
import Profiling
import Venturi

/// Times single steps of a model: so many tokens of a prompt beside so many sequences that each get one.
struct StepTimer {
  /// A step.
  struct Step {
    /// Tokens of a prompt.
    var prompt = 0
    /// Tokens of it before these.
    var past = 0
    /// Sequences that get a token.
    var count = 0
    /// Tokens before each of these.
    var depth = StepTimer.usual

    /// The step as the simulator has it.
    var batch: IterationBatch {
      var batch = IterationBatch(promptTokens: prompt, sequences: count, contextTokens: count * depth)
      batch.promptPast = prompt > 0 ? past : 0
      batch.promptPairs += Double(prompt * past)
      return batch
    }
  }

  /// Tokens of a prompt and sequences that are timed with each other.
  static let prompts = [0, 1, 16, 64]
  static let sequences = [0, 1, 2, 4, 8, 16]
  /// Tokens before each sequence's, usually and when attention is told from the rest.
  static let (usual, deep) = (48, 192)
  /// Steps between those, to see what interpolation is worth.
  static let between = [
    Step(prompt: 40, past: 100, count: 3, depth: 120), Step(prompt: 8, count: 6), Step(count: 12, depth: 150),
    Step(prompt: 52, past: 64, count: 12, depth: 80), Step(prompt: 32),
  ]

  private let model: any LanguageModel
  private let tokens: [Int32]
  private let turns: Int
  private let conditions: RunConditions
  /// A state of ``deep`` tokens, from which all others come.
  private let first: any MixerState

  /// A timer of `turns` of each step, after one that does not count.
  ///
  /// - Throws: what the engine throws.
  init(_ model: any LanguageModel, tokens: [Int32], turns: Int, _ conditions: RunConditions) throws {
    (self.model, self.tokens, self.turns, self.conditions) = (model, tokens, turns, conditions)
    first = try model.makeState(capacity: Self.deep + (Self.prompts.last ?? 1))
    _ = try model.evaluate(
      TokenBatch([.init(state: first, tokens: Array(tokens.prefix(Self.deep)), logits: .none)]),
      isCancelled: conditions.isCancelled)
  }

  /// Seconds of a step, the likeliest token of each sequence found as the engine does: the median.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func seconds(_ step: Step) throws -> Double {
    func state(_ depth: Int) throws -> any MixerState {
      let state = try first.fork()
      try state.truncate(to: depth)
      return state
    }
    var runs = try (0..<step.count).map { index in
      TokenBatch.Run(state: try state(step.depth), tokens: [tokens[Self.deep + index]], logits: .last)
    }
    if step.prompt > 0 {
      let part = Array(tokens[step.past..<step.past + step.prompt])
      runs.append(.init(state: try state(step.past), tokens: part, logits: .last))
    }
    let batch = TokenBatch(runs)
    var (seconds, drawn): ([Double], [Int]) = ([], [])
    for turn in 0...turns {
      let time = try TimingProtocol.time {
        let logits = try model.evaluate(batch, isCancelled: conditions.isCancelled)
        drawn = runs.indices.map { logits.likeliest($0) }
      }
      if turn > 0, drawn.count == runs.count { seconds.append(time) }
      for run in runs { try run.state.truncate(to: run.state.tokens - run.tokens.count) }
    }
    return try RunConditions.summary(seconds).median
  }

  /// The steps' times as the simulator takes them, and the mean error of what lies between.
  ///
  /// - Throws: what the engine throws; `PlannerError`; `CancellationError`.
  func table() throws -> (times: MeasuredIterations, error: Double) {
    var seconds = Self.prompts.map { _ in Self.sequences.map { _ in 0.0 } }
    for (row, prompt) in Self.prompts.enumerated() {
      for (column, count) in Self.sequences.enumerated() where prompt + count > 0 {
        seconds[row][column] = try self.seconds(Step(prompt: prompt, count: count))
      }
    }
    let (most, longest) = (Self.sequences.last ?? 1, Self.prompts.last ?? 1)
    let deeper = try self.seconds(Step(count: most, depth: Self.deep)) - (seconds.first?.last ?? 0)
    let later = try self.seconds(Step(prompt: longest, past: Self.deep)) - (seconds.last?.first ?? 0)
    let times = try MeasuredIterations(
      prompts: Self.prompts, sequences: Self.sequences, seconds: seconds, context: Self.usual,
      perContextToken: max(0, deeper / Double(most * (Self.deep - Self.usual))),
      perPair: max(0, later / Double(longest * Self.deep)))
    let errors = try Self.between.map { abs(times.seconds(of: $0.batch) / (try self.seconds($0)) - 1) }
    return (times, errors.reduce(0, +) / Double(errors.count))
  }
}
