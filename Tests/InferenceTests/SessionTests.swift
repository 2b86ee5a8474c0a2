import Testing
import Venturi
import VenturiTesting

@Suite struct SessionTests {
  @Test func eventsComeInOrderAndCount() async throws {
    let engine = try Fixtures.engine(
      Fixtures.saying(Array("Grüße 👍".utf8), after: 10), options: EngineOptions(stepTokens: 4, maxRunning: 2))
    var prefilled: [Int] = []
    var text = ""
    var ids: [Int32] = []
    var completion: Completion?
    let options = GenerationOptions(temperature: 0, tokenEvents: true)
    for try await event in engine.generate("0123456789", options: options) {
      #expect(completion == nil)
      switch event {
      case .progress(let done, let total):
        #expect(total == 10 && text.isEmpty)
        prefilled.append(done)
      case .token(let token): ids.append(token.id)
      case .text(let piece):
        #expect(!piece.unicodeScalars.contains("\u{FFFD}"))
        text += piece
      case .finished(let end): completion = end
      }
    }
    let end = try #require(completion)
    #expect(prefilled == [4, 8, 10])
    #expect(text == "Grüße 👍" && end.text == text)
    #expect(end.reason == .stop && end.tokens == ids && ids.last == Fixtures.end)
    #expect(end.usage.promptTokens == 10 && end.usage.completionTokens == ids.count && end.usage.cachedTokens == 0)
  }

  @Test func stopStringsNeverLeak() async throws {
    let engine = try Fixtures.engine(Fixtures.saying(Array("one STO two STOP three".utf8), after: 1))
    var text = ""
    for try await event in engine.generate("a", options: GenerationOptions(temperature: 0, stop: ["STOP", "zzz"])) {
      if case .text(let piece) = event { text += piece }
      if case .finished(let end) = event { #expect(end.reason == .stopString && end.stopString == "STOP") }
    }
    #expect(text == "one STO two ")
    // Held back as a possible beginning, and given out at the end.
    let cut = try await engine.generate("a", options: GenerationOptions(maxTokens: 6, temperature: 0, stop: ["STOP"]))
      .completion()
    #expect(cut.text == "one ST" && cut.reason == .length)
  }

  @Test func brokenCharacterAtTheEndIsReplaced() async throws {
    let engine = try Fixtures.engine(Fixtures.saying([0x61, 0xF0, 0x9F], after: 1))
    #expect(try await engine.generate("a", options: .greedy).text() == "a\u{FFFD}")
  }

  @Test func sessionsTogetherEqualEachAlone() async throws {
    let options = EngineOptions(stepTokens: 32, mixedPromptTokens: 7, maxRunning: 6)
    let shared = try Fixtures.engine(ScriptedModel(), options: options)
    let prompts = (0..<10).map { String(repeating: "prompt \($0) ", count: 1 + 3 * $0) }
    func drawing(_ index: Int) -> GenerationOptions {
      GenerationOptions(
        maxTokens: 20 + index, repeatPenalty: 1.1, seed: UInt64(index), ignoreEnd: true, lookup: index % 3)
    }
    let together = try await withThrowingTaskGroup(of: (Int, [Int32]).self) { group in
      for (index, prompt) in prompts.enumerated() {
        group.addTask { (index, try await shared.generate(.text(prompt), options: drawing(index)).completion().tokens) }
      }
      return try await group.reduce(into: [Int: [Int32]]()) { $0[$1.0] = $1.1 }
    }
    #expect(together.count == 10)
    for (index, prompt) in prompts.enumerated() {
      let engine = try Fixtures.engine(ScriptedModel())
      let alone = try await engine.generate(.text(prompt), options: drawing(index)).completion().tokens
      #expect(together[index] == alone)
      #expect(alone.count == 20 + index)
    }
  }

  @Test(arguments: [true, false]) func reusedBeginningEqualsFresh(canTruncate: Bool) async throws {
    let engine = try Fixtures.engine(ScriptedModel(canTruncate: canTruncate))
    let session = engine.session()
    let options = GenerationOptions(maxTokens: 12, seed: 5, ignoreEnd: true)
    _ = try await session.generate("The common beginning, then this.", options: options).completion()
    let fork = try await session.fork()
    for prompt in ["The common beginning, then that.", "The common beginning, then that.", "Else", "E"] {
      let again = try await session.generate(.text(prompt), options: options).completion()
      let fresh = try await engine.generate(.text(prompt), options: options).completion()
      #expect(again.tokens == fresh.tokens)
      #expect(fresh.usage.cachedTokens == 0)
      if canTruncate, prompt.hasPrefix("The") { #expect(again.usage.cachedTokens >= 27) }
    }
    let other = try await fork.generate("The common beginning, then this.", options: options).completion()
    if canTruncate { #expect(other.usage.cachedTokens == 31) }
    #expect(
      other.tokens
        == (try await engine.generate("The common beginning, then this.", options: options).completion()).tokens)
  }

  @Test func sessionsFromOneSnapshotAreIndependent() async throws {
    let file = try TemporaryFile(TinyLlama.file(dtype: .q4_0))
    // Weights of the same sizes, but others.
    let other = try TemporaryFile(TinyLlama.file(seed: 2, dtype: .q4_0))
    let engine = try await Engine.load(file.path)
    let stranger = try await Engine.load(other.path)
    func options(_ seed: UInt64) -> GenerationOptions {
      GenerationOptions(maxTokens: 30, seed: seed, logProbabilities: 300, ignoreEnd: true)
    }
    func tokens(_ session: Session, seed: UInt64) async throws -> [Int32] {
      try await session.generate(.text("the water and the pipe \(seed)"), options: options(seed)).completion().tokens
    }
    let session = engine.session()
    _ = try await session.generate("the water and the pipe", options: options(0)).completion()
    let snapshot = try await session.snapshot()
    var alone: [[Int32]] = []
    for seed in 0..<6 { alone.append(try await tokens(engine.session(), seed: UInt64(seed))) }
    // All at once, from one snapshot.
    let together = try await withThrowingTaskGroup(of: (Int, [Int32]).self) { group in
      for seed in 0..<6 {
        group.addTask { (seed, try await tokens(engine.session(from: snapshot), seed: UInt64(seed))) }
      }
      return try await group.reduce(into: [Int: [Int32]]()) { $0[$1.0] = $1.1 }
    }
    for seed in 0..<6 { #expect(together[seed] == alone[seed], "seed \(seed)") }
    // A snapshot of another engine is no shortcut, and no error.
    let expected = try await tokens(stranger.session(), seed: 1)
    let moved = stranger.session(from: snapshot)
    #expect(moved.tokenCount == 0)
    #expect(try await tokens(moved, seed: 1) == expected)
    let restored = stranger.session()
    try await restored.restore(snapshot)
    #expect(try await tokens(restored, seed: 1) == expected)
    #expect(expected != alone[1])
  }

  @Test(arguments: [Float(0), 0.9], [true, false])
  func lookupChangesNothing(temperature: Float, canTruncate: Bool) async throws {
    // The next token depends on the last two only, so text repeats itself.
    let model = ScriptedModel(canTruncate: canTruncate) { history in
      ScriptedModel.scramble([0, 0] + history.suffix(2).map { $0 % 3 }, 259).map { $0 * 4 }
    }
    let engine = try Fixtures.engine(model)
    var options = GenerationOptions(maxTokens: 150, temperature: temperature, seed: 3, ignoreEnd: true)
    let plain = try await engine.generate("abcabcabc", options: options).completion()
    options.lookup = 8
    let guessed = try await engine.generate("abcabcabc", options: options).completion()
    #expect(plain.tokens == guessed.tokens && plain.text == guessed.text)
    #expect(guessed.usage.draftedTokens > 0)
    if canTruncate, temperature == 0 { #expect(guessed.usage.acceptedTokens > 20) }
  }

  @Test(arguments: [Float(0), 0.9], [true, false])
  func aDraftChangesNothing(temperature: Float, canTruncate: Bool) async throws {
    // Two tokens have most of the probability; the draft knows them two times in three.
    @Sendable func logits(_ history: ArraySlice<Int32>) -> [Float] {
      var logits = ScriptedModel.scramble(Array(history), 259)
      let place = history.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xFF }
      logits[place] += 8
      logits[(place + 90) & 0xFF] += 7
      return logits
    }
    let target = ScriptedModel(canTruncate: canTruncate) { logits($0.suffix(3)) }
    let draft = ScriptedModel(canTruncate: canTruncate) { logits($0.suffix($0.count % 3 == 0 ? 2 : 3)) }
    let plain = try Fixtures.engine(target)
    let drafting = try Fixtures.engine(target, draft: draft)
    var options = GenerationOptions(maxTokens: 150, temperature: temperature, seed: 3, ignoreEnd: true)
    let expected = try await plain.generate("abc", options: options).completion()
    let guessed = try await drafting.generate("abc", options: options).completion()
    #expect(expected.tokens == guessed.tokens && expected.text == guessed.text)
    #expect(guessed.usage.draftedTokens > 0)
    if canTruncate { #expect(guessed.usage.acceptedTokens > 20) }
    options.draft = 0
    let undrafted = try await drafting.generate("abc", options: options).completion()
    #expect(undrafted.tokens == expected.tokens && undrafted.usage.draftedTokens == 0)
  }

  @Test func drawsWithADraftFollowTheModelsDistribution() async throws {
    // Three tokens of known probability, whatever came before; a draft that prefers another one.
    let (likely, odd) = ([0.55, 0.3, 0.15], [0.15, 0.3, 0.55])
    func model(_ probabilities: [Double]) -> ScriptedModel {
      ScriptedModel { _ in
        (0..<259).map { $0 < 65 || $0 > 67 ? -.infinity : Float(NaiveAttention.logarithm(probabilities[$0 - 65])) }
      }
    }
    let engine = try Fixtures.engine(model(likely), draft: model(odd))
    var counts = [0.0, 0, 0]
    for seed in 0..<20 {
      let options = GenerationOptions(
        maxTokens: 300, temperature: 1, topK: 0, topP: 1, minP: 0, seed: UInt64(seed), ignoreEnd: true)
      let answer = try await engine.generate("x", options: options).completion()
      #expect(answer.usage.draftedTokens > 0)
      for token in answer.tokens { counts[Int(token) - 65] += 1 }
    }
    // Pearson's statistic with two degrees of freedom: above 13.8 once in a thousand.
    let total = counts.reduce(0, +)
    let statistic = zip(counts, likely).reduce(0) {
      $0 + ($1.0 - total * $1.1) * ($1.0 - total * $1.1) / (total * $1.1)
    }
    #expect(total == 6000 && statistic < 13.8, "\(counts)")
  }

  @Test func conversationGrowsAndIsCached() async throws {
    let engine = try Fixtures.engine(
      ScriptedModel { history in
        var logits = [Float](repeating: 0, count: 259)
        logits[history.last == 10 ? 72 : history.last == 72 ? 105 : 257] = 9
        return logits
      })
    let session = engine.session(messages: [ChatMessage(role: .system, content: "Be brief.")])
    let first = try await session.respond(to: "Hello", options: .greedy).completion()
    #expect(first.text == "Hi" && session.messages.count == 3)
    let second = try await session.respond(to: "Again", options: .greedy).completion()
    #expect(second.text == "Hi" && second.usage.cachedTokens >= first.usage.promptTokens)
    await session.reset()
    #expect(session.messages.isEmpty)
  }

  @Test func cancellingLeavesOthersAndFreesTheSession() async throws {
    let engine = try Fixtures.engine(ScriptedModel())
    let options = GenerationOptions(maxTokens: 60, seed: 1, ignoreEnd: true)
    let alone = try await engine.generate("other", options: options).completion().tokens
    let session = engine.session()
    let endless = session.generate("cancelled", options: GenerationOptions(seed: 2, ignoreEnd: true))
    let other = engine.generate("other", options: options)
    var seen = 0
    for try await event in endless {
      if case .text = event { seen += 1 }
      if seen == 3 { break }
    }
    #expect(try await other.completion().tokens == alone)
    let next = try await session.generate("cancelled", options: options).completion()
    #expect(next.usage.cachedTokens == 8 && next.tokens.count == 60)
    let asked = session.generate("x", options: GenerationOptions(ignoreEnd: true))
    asked.cancel()
    #expect(try await asked.completion().reason == .cancelled)
  }

  @Test func contextEndsTheAnswerAndRefusesThePrompt() async throws {
    let engine = try Fixtures.engine(ScriptedModel(contextLength: 16))
    let answer = try await engine.generate("0123456789", options: GenerationOptions(ignoreEnd: true)).completion()
    #expect(answer.reason == .length && answer.tokens.count == 6)
    await #expect(throws: InferenceError.contextExceeded(promptTokens: 16, contextLength: 16)) {
      try await engine.generate("0123456789012345").completion()
    }
    await #expect(throws: InferenceError.emptyPrompt) { try await engine.generate("").completion() }
    await #expect(throws: InferenceError.tokenOutOfRange(field: "prompt[1]", id: -1, vocabularySize: 259)) {
      try await engine.generate(.tokens([1, -1])).completion()
    }
  }

  @Test func overloadIsRefused() async throws {
    let engine = try Fixtures.engine(
      ScriptedModel(contextLength: 1 << 20), options: EngineOptions(maxRunning: 1, maxQueued: 1))
    let endless = GenerationOptions(ignoreEnd: true)
    let running = engine.generate("a", options: endless)
    let queued = engine.generate("b", options: endless)
    await #expect {
      try await engine.generate("c").completion()
    } throws: { error in
      guard case .overloaded(1, 1, 1, _, _, _) = error as? InferenceError else { return false }
      return true
    }
    running.cancel()
    queued.cancel()
    #expect(try await running.completion().reason == .cancelled)
    #expect(try await queued.completion().reason == .cancelled)
    #expect(try await engine.generate("c", options: GenerationOptions(maxTokens: 1)).completion().tokens.count == 1)
  }
}
