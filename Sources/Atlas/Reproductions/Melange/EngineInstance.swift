import Planner
import Profiling
import Synchronization
import Venturi

/// The engine with some weights and threads, as a type of instance that can be rented.
struct EngineInstance {
  /// Its name.
  let name: String
  /// What it costs an hour; made up.
  let price: Double
  private let engine: Engine
  private let tokens: [Int32]
  private let conditions: RunConditions
  /// What its steps take.
  let times: MeasuredIterations
  /// The mean error of steps that lie between those.
  let error: Double

  /// What came of so many clients of requests of one size, each of whom asks again when it has its answer.
  struct Served: Sendable {
    var clients: Int
    /// Requests a second.
    var rate: Double
    /// The mean time between two tokens of an answer, in seconds.
    var gap: Double
  }

  /// How it serves: a token of every sequence, prompts in what a step of 64 rows leaves, 16 sequences at most.
  static var policy: ServingPolicy {
    var policy = ServingPolicy()
    (policy.batchTokens, policy.batchSequences, policy.router) = (64, 16, .leastLoaded)
    return policy
  }

  /// Loads the model, and times its steps.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  init(_ name: String, price: Double, path: String, threads: Int, longest: Int, _ conditions: RunConditions) throws {
    (self.name, self.price, self.conditions) = (name, price, conditions)
    try conditions.next("\(name): the steps of the engine")
    let policy = Self.policy
    let room = max(longest, StepTimer.deep + policy.batchTokens) + 1
    let loaded = try ModelLoader.load(
      path: path, options: LoadOptions(contextLength: room), context: Context(threads: threads))
    let tokenizer = try Tokenizer(loaded.checkpoint)
    tokens = DecoderTimer.tokens(tokenizer, atLeast: 4096)
    (times, error) = try StepTimer(loaded.model, tokens: tokens, turns: conditions.quick ? 1 : 3, conditions).table()
    // The step's length is the rows' alone, as in the simulator.
    engine = try Engine(
      model: loaded.model, tokenizer: tokenizer,
      options: EngineOptions(
        threads: threads, contextLength: room, stepTokens: policy.batchTokens, mixedPromptTokens: policy.batchTokens,
        maxRunning: policy.batchSequences, profile: .none, stepSeconds: 60))
  }

  /// The same in the simulator.
  ///
  /// - Throws: `PlannerError`.
  func machine() throws -> ServingMachine { try ServingMachine(name, iterations: times, blocks: 1 << 16) }

  /// The most requests of one size a second that keep the mean time between tokens within `promise` seconds: clients are added, four
  /// times as many while they may be, then between; `nil` where one alone breaks it.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func most(prompt: Int, output: Int, promise: Double) async throws -> Served? {
    func run(_ clients: Int) async throws -> Served? {
      let served = try await serve(prompt: prompt, output: output, clients: clients)
      return served.gap <= promise ? served : nil
    }
    guard var found = try await run(1) else { return nil }
    var high = Self.policy.batchSequences + 1
    while found.clients * 4 < high {
      guard let more = try await run(found.clients * 4) else {
        high = found.clients * 4
        break
      }
      found = more
    }
    // A fourth more is near enough.
    while high - found.clients > max(1, found.clients / 4) {
      let middle = (found.clients + high) / 2
      if let more = try await run(middle) { found = more } else { high = middle }
    }
    return found
  }

  /// Serves so many clients until two answers more than there are clients are given, after a first one to each, which is shorter for
  /// the first ones so that they get out of step.
  ///
  /// - Throws: what the engine throws; `CancellationError`.
  func serve(prompt: Int, output: Int, clients: Int) async throws -> Served {
    try conditions.next("\(name): \(prompt) → \(output), \(clients) at once")
    let (engine, tokens, isCancelled) = (engine, tokens, conditions.isCancelled)
    let answers = Answers(wanted: conditions.quick ? clients : clients + 2)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for client in 0..<clients {
        group.addTask {
          var turn = 0
          while !answers.isEnough {
            if isCancelled() { throw CancellationError() }
            let count = turn == 0 ? max(1, output * (client + 1) / clients) : output
            let start = (client * 257 + turn * 61) % (tokens.count - prompt)
            let options = GenerationOptions(maxTokens: count, temperature: 0, ignoreEnd: true, lookup: 0)
            let answer = try await engine.generate(
              .tokens(Array(tokens[start..<start + prompt])), options: options
            ).completion()
            if turn > 0 { answers.add(answer) }
            turn += 1
          }
        }
      }
      // The first who sees that it is enough ends what the others still do.
      _ = try await group.next()
      group.cancelAll()
      while let ended = await group.nextResult() {
        if case .failure(let error) = ended, !(error is CancellationError) { throw error }
      }
    }
    if isCancelled() { throw CancellationError() }
    let all = answers.all
    func mean(_ value: (Completion) -> Double) -> Double {
      all.reduce(0) { $0 + value($1) } / Double(max(1, all.count))
    }
    // Little's law: every client waits for an answer at all times.
    let stay = mean { $0.timings.timeToFirstTokenSeconds + $0.timings.generationSeconds }
    return Served(
      clients: clients, rate: Double(clients) / stay,
      gap: mean { $0.timings.generationSeconds / Double(max(1, $0.usage.completionTokens - 1)) })
  }

  /// Answers as they come.
  private final class Answers: Sendable {
    private let content = Mutex<[Completion]>([])
    private let wanted: Int
    init(wanted: Int) { self.wanted = wanted }
    var isEnough: Bool { content.withLock { $0.count >= wanted } }
    var all: [Completion] { content.withLock { $0 } }
    func add(_ answer: Completion) { content.withLock { $0.append(answer) } }
  }
}
