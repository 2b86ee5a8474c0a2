import Foundation
import Testing
import Venturi
import VenturiTesting

/// Places: how many there are, who gets one, and that none is ever lost.
@Suite struct AdmissionTests {
  private static let endless = GenerationOptions(temperature: 0, ignoreEnd: true)

  private static func engine(_ options: EngineOptions, contextLength: Int = 1 << 16) throws -> Engine {
    try Fixtures.engine(ScriptedModel(contextLength: contextLength), options: options)
  }

  @Test func aFullQueueTellsWhatItHolds() async throws {
    let options = EngineOptions(maxRunning: 1, maxQueued: 3, maxQueuedTokens: 20)
    // Slow enough not to come to its context's end meanwhile, even where other tests keep this one waiting for minutes.
    let slow = ScriptedModel(contextLength: 1 << 16) { _ in
      Thread.sleep(forTimeInterval: 0.05)
      return (0..<259).map { Float($0 == 1 ? 1 : 0) }
    }
    let engine = try Fixtures.engine(slow, options: options)
    let running = engine.generate("r", options: Self.endless)
    var reader = running.makeAsyncIterator()
    _ = try await reader.next()
    // The first that waits may be as long as it likes.
    let long = engine.generate(.tokens([Int32](repeating: 1, count: 50)), options: Self.endless)
    #expect(engine.statistics.queuedTokens == 50 && engine.statistics.queued == 1)
    func refusal(_ prompt: Prompt) async -> InferenceError? {
      do { _ = try await engine.generate(prompt, options: .greedy).completion() } catch {
        return error as? InferenceError
      }
      return nil
    }
    guard case .overloaded(1, 1, 3, 50, 20, let wait) = await refusal("x") else {
      Issue.record("not refused for its tokens")
      return
    }
    #expect(wait > 0 && wait.isFinite)
    long.cancel()
    let queued = [15, 4, 1].map { engine.generate(.tokens([Int32](repeating: 1, count: $0)), options: Self.endless) }
    #expect(engine.statistics.queued == 3 && engine.statistics.queuedTokens == 20)
    guard case .overloaded(1, 3, 3, 20, 20, _) = await refusal("x") else {
      Issue.record("not refused for the number of requests")
      return
    }
    #expect(engine.statistics.refused == 2)
    for generation in queued + [running] { generation.cancel() }
    #expect(engine.statistics.queued == 0 && engine.statistics.queuedTokens == 0)
    let last = try await engine.generate("c", options: GenerationOptions(maxTokens: 1)).completion()
    #expect(last.tokens.count == 1)
    try await engine.withModel { _ in }
    #expect(engine.statistics.running == 0 && engine.statistics.cancelled == 5)
  }

  @Test("A cancelled generation that waits is gone at once, even while the compute thread stands still")
  func cancelledInTheQueue() async throws {
    let engine = try Self.engine(EngineOptions(maxRunning: 1, maxQueued: 8))
    let options = GenerationOptions(maxTokens: 3, temperature: 0, ignoreEnd: true)
    try await whileHeld(engine) {
      let session = engine.session(messages: [ChatMessage(role: .system, content: "s")])
      let queued = engine.generate("abc", options: options)
      let turn = session.respond(to: "first", options: options)
      let next = session.respond(to: "waits for the session", options: options)
      let third = session.generate("xy", options: options)
      let prompted = engine.statistics.queuedTokens
      #expect(engine.statistics.queued == 4 && prompted > 6)
      for (generation, tokens) in [(queued, 3), (next, 0), (turn, prompted - 5), (third, 2)] {
        generation.cancel()
        generation.cancel()
        let end = try await watched("cancelled") { try await generation.completion() }
        #expect(end.reason == .cancelled && end.tokens.isEmpty && end.usage.promptTokens == tokens)
      }
      #expect(engine.statistics.queued == 0 && engine.statistics.queuedTokens == 0)
      #expect(session.messages.count == 1)
      // Left without a reader, or with one that leaves.
      do { _ = engine.generate("dropped", options: options) }
      let reading = Task { for try await _ in engine.generate("abandoned", options: options) {} }
      while engine.statistics.queued < 1 { await Task.yield() }
      reading.cancel()
      _ = await reading.result
      for _ in 0..<1000 where engine.statistics.queued > 0 { await Task.yield() }
      #expect(engine.statistics.queued == 0)
    }
    #expect(try await engine.generate("abc", options: options).completion().tokens.count == 3)
    try await engine.withModel { _ in }
    #expect(engine.statistics.running == 0 && engine.statistics.queued == 0)
  }

  @Test("A session whose waiting turn is cancelled goes on with the next")
  func sessionsGoOn() async throws {
    let engine = try Self.engine(EngineOptions(maxRunning: 2))
    let options = GenerationOptions(maxTokens: 4, temperature: 0, ignoreEnd: true)
    let session = engine.session()
    let (first, second, third) = try await whileHeld(engine) {
      let turns = ["a", "b", "c"].map { session.respond(to: $0, options: options) }
      turns[0].cancel()
      turns[1].cancel()
      return (turns[0], turns[1], turns[2])
    }
    #expect(try await first.completion().reason == .cancelled)
    #expect(try await second.completion().reason == .cancelled)
    #expect(try await watched("third") { try await third.completion().reason } == .length)
    #expect(session.messages.map(\.content).first == "c" && session.messages.count == 2)
  }

  @Test func whatCannotRunTakesNoPlace() async throws {
    let engine = try Self.engine(EngineOptions(maxRunning: 1, maxQueued: 0), contextLength: 16)
    for length in [16, 17, 160] {
      await #expect(throws: InferenceError.contextExceeded(promptTokens: length, contextLength: 16)) {
        try await engine.generate(.tokens([Int32](repeating: 1, count: length)), options: .greedy).completion()
      }
    }
    await #expect(throws: InferenceError.promptTooLong(bytes: 10_000_000, contextLength: 16)) {
      try await engine.generate(.text(String(repeating: "x", count: 10_000_000))).completion()
    }
    var wrong = GenerationOptions.greedy
    wrong.topP = .nan
    for options in [wrong, GenerationOptions(stop: [""])] {
      await #expect(throws: InferenceError.self) { try await engine.generate("a", options: options).completion() }
    }
    #expect(engine.statistics.running == 0 && engine.statistics.queued == 0 && engine.statistics.refused == 0)
    let fits = engine.generate(.tokens([Int32](repeating: 1, count: 15)), options: Self.endless)
    #expect(try await fits.completion().reason == .length)
  }

  @Test("Of ten times as many as there are places each is answered or refused", .timeLimit(.minutes(1)))
  func bursts() async throws {
    let engine = try Self.engine(
      EngineOptions(maxRunning: 4, maxQueued: 16, maxQueuedTokens: 400, prefixCache: .automatic))
    var (answered, refused) = (0, 0)
    for wave in 0..<5 {
      let outcomes = await withTaskGroup(of: Bool?.self) { group in
        for index in 0..<200 {
          group.addTask {
            let prompt = Prompt.tokens([Int32](repeating: Int32(index), count: 1 + (index * 7 + wave) % 60))
            let options = GenerationOptions(maxTokens: 1 + index % 5, seed: 1, ignoreEnd: true)
            do {
              let generation = engine.generate(prompt, options: options)
              if index % 9 == 0 { generation.cancel() }
              let end = try await generation.completion()
              return end.reason == .cancelled || end.tokens.count == options.maxTokens
            } catch InferenceError.overloaded { return nil } catch { return false }
          }
        }
        return await group.reduce(into: [Bool?]()) { $0.append($1) }
      }
      #expect(outcomes.count == 200 && !outcomes.contains(false))
      answered += outcomes.count { $0 == true }
      refused += outcomes.count { $0 == nil }
    }
    // However slow the engine is, six of the longest prompts fit in the queue's 400 tokens.
    #expect(answered + refused == 1000 && answered >= 5 * 6)
    try await engine.withModel { _ in }
    let statistics = engine.statistics
    #expect(statistics.running == 0 && statistics.queued == 0 && statistics.queuedTokens == 0)
    #expect(statistics.completed + statistics.cancelled == answered && statistics.refused == refused)
    #expect(statistics.waitSeconds == 0 && statistics.runningBytes == 0)
  }

  @Test func limitsAreChecked() {
    func check(_ field: String, _ options: EngineOptions) {
      do throws(InferenceError) {
        try options.validate()
        Issue.record("\(field) is taken")
      } catch {
        guard case .invalidOption(field, _, _) = error else {
          Issue.record("\(error)")
          return
        }
      }
    }
    check("maxQueuedTokens", EngineOptions(maxQueuedTokens: -1))
    check("stateMemoryLimit", EngineOptions(stateMemoryLimit: -1))
    check("prefixCache", EngineOptions(prefixCache: .bytes(-1)))
    for seconds in [0, -1, .nan, .infinity] { check("stepSeconds", EngineOptions(stepSeconds: seconds)) }
    let tooSmall = InferenceError.invalidOption(
      field: "stateMemoryLimit", value: "100", problem: "one sequence of 50 tokens takes 200 bytes")
    #expect(throws: tooSmall) {
      try Fixtures.engine(ScriptedModel(contextLength: 50), options: EngineOptions(stateMemoryLimit: 100))
    }
  }
}
