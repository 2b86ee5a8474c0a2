import Synchronization
import Testing
import Venturi
import VenturiTesting

/// Who gets what of a step, told from the runs that a model sees.
@Suite struct FairnessTests {
  @Test("While long prompts are read, every step gives each stream its token and prompts no more than their part")
  func streamsGoOn() async throws {
    let model = ScriptedModel(contextLength: 1 << 20)
    let engine = try Fixtures.engine(
      model, options: EngineOptions(stepTokens: 256, mixedPromptTokens: 24, stepSeconds: 60))
    let (streams, long) = try await whileHeld(engine) {
      let streams = (0..<3).map { engine.generate(.tokens([$0]), options: GenerationOptions(seed: 1, ignoreEnd: true)) }
      let long = engine.generate(
        .tokens((0..<3000).map { $0 % 250 }), options: GenerationOptions(maxTokens: 1, temperature: 0))
      return (streams, long)
    }
    _ = try await long.completion()
    for stream in streams { stream.cancel() }
    // The first step reads the streams' own prompts, which nobody waits for yet.
    let steps = model.batches.dropFirst().filter { $0.count > 3 }
    #expect(steps.count >= (3000 - 256) / 24)
    for step in steps { #expect(step.count == 4 && step.prefix(3) == [1, 1, 1] && step[3] <= 24) }
  }

  @Test("A long prompt gets on however many short ones come, and short ones never wait for it")
  func nobodyStarves() async throws {
    let model = ScriptedModel(contextLength: 8192)
    let engine = try Fixtures.engine(
      model, options: EngineOptions(stepTokens: 16, mixedPromptTokens: 16, maxRunning: 16, stepSeconds: 60))
    let (long, shorts) = try await whileHeld(engine) {
      let long = engine.generate(
        .tokens((0..<800).map { $0 % 250 }), options: GenerationOptions(maxTokens: 1, temperature: 0))
      // More than can run at once, each with a prompt of its own.
      let shorts = (0..<200).map { index in
        engine.generate(
          .tokens((0..<7).map { ($0 + Int32(index)) % 250 }), options: GenerationOptions(maxTokens: 1, temperature: 0))
      }
      return (long, shorts)
    }
    for short in shorts { _ = try await short.completion() }
    #expect(try await long.completion().tokens.count == 1)
    // Half of each step was the long prompt's: it took 100 steps, in which the short ones had the other half.
    let steps = model.batches
    #expect(steps.allSatisfy { $0.reduce(0, +) <= 16 })
    let withLong = steps.prefix { $0.first ?? 0 >= 8 }.count
    #expect(withLong >= 95 && withLong <= 105, "\(withLong)")
    #expect(steps[..<withLong].allSatisfy { $0.count > 1 })
    #expect(steps.count <= 150)
  }

  @Test("Prompts that come together are answered one after the other, in the order in which they came")
  func firstComeFirstServed() async throws {
    // Logits are asked for at a prompt's end only.
    let read = Mutex<[Int32]>([])
    let model = ScriptedModel(contextLength: 8192) { history in
      read.withLock { $0.append(history[0]) }
      return ScriptedModel.scramble(history, 259)
    }
    let engine = try Fixtures.engine(model, options: EngineOptions(stepTokens: 50, stepSeconds: 60))
    try await answerFourPrompts(engine)
    #expect(read.withLock { $0 } == [0, 1, 2, 3])
    #expect(model.batches.count <= 8 + 4)
    #expect(model.batches.prefix(2).allSatisfy { $0 == [50] })
  }

  @Test("A step in which a prompt ends takes no more of others than makes products fast, however much time it has")
  func nobodyWaitsForTheOthersPrompts() async throws {
    let model = ScriptedModel(contextLength: 8192)
    let engine = try Fixtures.engine(model, options: EngineOptions(stepTokens: 512, stepSeconds: 60))
    try await answerFourPrompts(engine)
    let steps = model.batches.filter { $0.reduce(0, +) > 4 }
    #expect(steps.count == 4 && steps.allSatisfy { $0.reduce(0, +) <= 128 }, "\(steps)")
  }

  /// Four prompts of 100 tokens that come together, each of its number.
  private func answerFourPrompts(_ engine: Engine) async throws {
    let generations = try await whileHeld(engine) {
      (0..<4).map { index in
        engine.generate(
          .tokens([Int32](repeating: Int32(index), count: 100)), options: GenerationOptions(maxTokens: 1, seed: 1))
      }
    }
    for generation in generations { _ = try await generation.completion() }
  }
}
