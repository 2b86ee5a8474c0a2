import CVenturi
import Planner
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The default model's answers to tasks, drawn at the sheet's temperature from the whole distribution.
struct AnswerSampler: Sendable {
  /// One answer.
  struct Answer: Sendable {
    var text: String
    var isRight: Bool
    /// What was generated, the end of the line included.
    var tokens: Int
    /// The mean logarithm of the chance of a token.
    var logProbability: Double

    var candidate: AnswerSelector.Candidate {
      AnswerSelector.Candidate(
        CheckableTask.normalized(text), weight: logProbability.isFinite ? exp(logProbability) : 0)
    }
  }

  private let path: String
  private let engine: Engine
  private let conditions: RunConditions

  /// An engine whose generations share what they have in common; `nil` where the default model is not there.
  ///
  /// - Throws: what the engine throws.
  init?(_ conditions: RunConditions) async throws {
    guard let path = conditions.modelPath else { return nil }
    self.path = path
    self.conditions = conditions
    engine = try await Engine.load(path, options: Self.options(conditions.threads, prefixCache: .automatic))
  }

  private static func options(_ threads: Int, prefixCache: PrefixCache) -> EngineOptions {
    EngineOptions(threads: threads, maxRunning: 64, profile: .none, prefixCache: prefixCache)
  }

  /// The sheet's temperature, nothing cut away; an answer is a line, and a line a few tokens.
  private static func drawing(_ seed: UInt64) -> GenerationOptions {
    GenerationOptions(
      maxTokens: 12, temperature: 0.8, topK: 0, topP: 1, minP: 0, seed: seed, stop: ["\n"], logProbabilities: 0)
  }

  /// Independent answers to a task.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func answers(to task: CheckableTask, count: Int, seed: UInt64) async throws -> [Answer] {
    try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
      for index in 0..<count {
        group.addTask { (index, try await answer(task, task.prompt, seed: seed &* 1000 &+ UInt64(index))) }
      }
      var answers = [Answer?](repeating: nil, count: count)
      for try await (index, answer) in group { answers[index] = answer }
      return answers.compactMap { $0 }
    }
  }

  /// The answers of rounds of thinking again, to each of some tasks.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func rounds(of tasks: [CheckableTask], count: Int) async throws -> [[Answer]] {
    try await withThrowingTaskGroup(of: (Int, [Answer]).self) { group in
      for (place, task) in tasks.enumerated() {
        group.addTask {
          var answers: [Answer] = []
          for round in 0..<count {
            let given = answers.map { CheckableTask.normalized($0.text) ?? "" }
            answers.append(
              try await answer(task, task.prompt(after: given), seed: 1 << 40 + UInt64(place * count + round)))
          }
          return (place, answers)
        }
      }
      var all = [[Answer]](repeating: [], count: tasks.count)
      for try await (place, answers) in group { all[place] = answers }
      return all
    }
  }

  private func answer(_ task: CheckableTask, _ prompt: String, seed: UInt64) async throws -> Answer {
    if conditions.isCancelled() { throw CancellationError() }
    var (logarithms, tokens) = (0.0, 0)
    for try await event in engine.generate(.text(prompt), options: Self.drawing(seed)) {
      switch event {
      case .token(let token):
        logarithms += Double(token.logProbability ?? -.infinity)
        tokens += 1
      case .finished(let completion):
        return Answer(
          text: completion.text, isRight: task.isSolved(by: completion.text),
          tokens: max(tokens, completion.usage.completionTokens),
          logProbability: tokens > 0 ? logarithms / Double(tokens) : -.infinity)
      case .progress, .text: break
      }
    }
    throw CancellationError()
  }

  /// Seconds of so many answers at once, the prompt shared, and of as many one after the other, each with its own prompt; in turns.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func sharing(_ task: CheckableTask, count: Int, turns: Int) async throws -> (together: [Double], apart: [Double]) {
    // Engines of their own: what turns before have computed must not be there.
    var (together, apart): ([Double], [Double]) = ([], [])
    let alone = try await Engine.load(path, options: Self.options(conditions.threads, prefixCache: .off))
    for turn in -1..<turns {
      try conditions.next("sharing a prompt, turn \(max(0, turn) + 1) of \(turns)")
      let shared = AnswerSampler(
        path, try await Engine.load(path, options: Self.options(conditions.threads, prefixCache: .automatic)),
        conditions)
      let lone = AnswerSampler(path, alone, conditions)
      let first = vt_monotonic_seconds()
      _ = try await shared.answers(to: task, count: count, seed: 9)
      let second = vt_monotonic_seconds()
      for index in 0..<count { _ = try await lone.answer(task, task.prompt, seed: 9000 + UInt64(index)) }
      let third = vt_monotonic_seconds()
      if turn < 0 { continue }
      together.append(second - first)
      apart.append(third - second)
    }
    return (together, apart)
  }

  private init(_ path: String, _ engine: Engine, _ conditions: RunConditions) {
    (self.path, self.engine, self.conditions) = (path, engine, conditions)
  }
}
