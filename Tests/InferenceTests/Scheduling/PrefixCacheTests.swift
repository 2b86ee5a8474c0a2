import Foundation
import Testing
import Venturi
import VenturiTesting

/// What generations leave to each other changes no token, and goes without a trace.
@Suite(.serialized) struct PrefixCacheTests {
  /// A request, and when it is cancelled.
  struct Request: Sendable {
    var prompt: [Int32]
    var options: GenerationOptions
    /// The events after which it is cancelled; nothing for never, 0 for before it has begun.
    var cancelAfter: Int?
  }

  static func requests(_ count: Int, _ tiny: TinyModel, seed: UInt64) -> [Request] {
    var random = Random(seed: seed)
    func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
    func tokens(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32(below(88)) } }
    // What prompts share, up to beyond a page where the context allows.
    let room = tiny.model.description.contextLength == 1024 ? 560 : 80
    let systems = (0..<3).map { tokens(room * (2 + $0) / 4) }
    var known = systems
    return (0..<count).map { index in
      var prompt = known[below(known.count)]
      if below(6) == 0 { prompt = Array(prompt.prefix(1 + below(prompt.count))) }
      if below(4) > 0 { prompt += tokens(below(20)) }
      if prompt.count < room + 10 { known.append(prompt) }
      prompt = Array(prompt.prefix(room + 25))
      var options = GenerationOptions(
        maxTokens: 1 + below(18), temperature: below(2) == 0 ? 0 : 0.9, seed: UInt64(index), ignoreEnd: true)
      if below(3) == 0 { options.lookup = 4 }
      return Request(prompt: prompt, options: options, cancelAfter: below(4) == 0 ? below(6) : nil)
    }
  }

  static func run(_ engine: Engine, _ request: Request) async throws -> Completion {
    let generation = engine.generate(.tokens(request.prompt), options: request.options)
    if request.cancelAfter == 0 { generation.cancel() }
    var events = 0
    for try await event in generation {
      if case .finished(let completion) = event { return completion }
      events += 1
      if events == request.cancelAfter { generation.cancel() }
    }
    throw CancellationError()
  }

  @Test(
    "With the store on, in any company, under cancels and short memory, answers are those without; nothing stays behind",
    .timeLimit(.minutes(5)), arguments: TinyModel.architectures)
  func answersAreThoseWithout(_ name: String) async throws {
    let tiny = try TinyModel(name)
    let requests = Self.requests(48, tiny, seed: 11)
    let plain = try tiny.engine()
    var alone: [[Int32]] = []
    for request in requests {
      var options = request.options
      options.lookup = 0
      let completion = try await plain.generate(.tokens(request.prompt), options: options).completion()
      #expect(completion.usage.cachedTokens == 0)
      alone.append(completion.tokens)
    }
    // The compute thread is done with a step once it does something else.
    try await plain.withModel { _ in }
    let baseline = tiny.context?.allocator.liveBytes
    let whole = try tiny.wholeState()
    var cached = 0
    for (round, width) in [1, 4, 16].enumerated() {
      // The second store is so small that hardly anything stays in it, the third memory so short that some stand back.
      let options = EngineOptions(
        stepTokens: [512, 24, 40][round], mixedPromptTokens: [128, 9, 16][round], maxRunning: [8, 6, 12][round],
        stateMemoryLimit: [nil, nil, whole * 3 / 2][round],
        prefixCache: [.automatic, .bytes(whole * 5 / 4), .automatic][round])
      let engine = try tiny.engine(options)
      let expected = alone
      try await withThrowingTaskGroup(of: Void.self) { group in
        for first in 0..<width {
          group.addTask {
            for index in stride(from: first, to: requests.count, by: width) {
              let completion = try await Self.run(engine, requests[index])
              if completion.reason == .cancelled {
                let isBeginning = expected[index].starts(with: completion.tokens)
                #expect(requests[index].cancelAfter != nil && isBeginning, "\(name): \(index) in \(width)")
              } else {
                #expect(completion.tokens == expected[index], "\(name): \(index) in \(width)")
              }
            }
          }
        }
        try await group.waitForAll()
      }
      try await engine.withModel { _ in }
      var statistics = engine.statistics
      #expect(statistics.running == 0 && statistics.queued == 0 && statistics.queuedTokens == 0)
      #expect(statistics.runningBytes == 0 && statistics.storeBytes <= statistics.storeLimit)
      #expect(statistics.completed + statistics.cancelled == requests.count && statistics.failed == 0)
      cached += statistics.prefixHitTokens
      try await engine.clearPrefixStore()
      statistics = engine.statistics
      #expect(statistics.kvBytes == 0 && statistics.storeEntries == 0)
      #expect(tiny.context?.allocator.liveBytes == baseline, "\(name), \(width)")
    }
    #expect(cached > 0, "\(name)")
  }

  @Test("Whoever stands back for want of memory goes on as if nothing had been", arguments: ["scripted", "rigid"])
  func standingBack(_ name: String) async throws {
    let tiny = try TinyModel(name)
    // Four whole states do not fit by far, four beginnings do.
    let engine = try tiny.engine(EngineOptions(stateMemoryLimit: 512 * 4, prefixCache: .automatic))
    let options = (0..<4).map { GenerationOptions(maxTokens: 400, seed: $0, ignoreEnd: true) }
    let prompts = (0..<4).map { index in (0..<60).map { Int32(($0 * 7 + index) % 88) } }
    let generations = try await whileHeld(engine) {
      (0..<4).map { engine.generate(.tokens(prompts[$0]), options: options[$0]) }
    }
    var completions: [Completion] = []
    for generation in generations {
      completions.append(try await watched(name) { try await generation.completion() })
    }
    // One engine at a time has the model.
    let plain = try tiny.engine()
    for (index, completion) in completions.enumerated() {
      let alone = try await plain.generate(.tokens(prompts[index]), options: options[index]).completion()
      #expect(completion.tokens == alone.tokens && completion.text == alone.text && alone.tokens.count == 400)
      #expect(completion.usage == alone.usage)
    }
    try await engine.withModel { _ in }
    #expect(engine.statistics.preemptions >= 3 && engine.statistics.runningBytes == 0)
    #expect(engine.statistics.kvBytes <= engine.statistics.capacityBytes)
  }

  @Test("Two that come at once compute what they share once", arguments: TinyModel.architectures)
  func twoAtOnce(_ name: String) async throws {
    let tiny = try TinyModel(name)
    let engine = try tiny.engine(EngineOptions(stepTokens: 16, prefixCache: .automatic))
    let system = (0..<70).map { Int32($0 * 7 % 88) }
    let prompts = [system + [1, 2, 3], system + [4, 5, 6, 7], system + [1, 2, 3]]
    let options = GenerationOptions(maxTokens: 5, temperature: 0, ignoreEnd: true)
    let generations = try await whileHeld(engine) { prompts.map { engine.generate(.tokens($0), options: options) } }
    var completions: [Completion] = []
    for generation in generations { completions.append(try await generation.completion()) }
    for (index, completion) in completions.enumerated() {
      #expect(completion.usage.cachedTokens == [0, 70, 72][index], "\(name): \(index)")
      let plain = try await tiny.engine().generate(.tokens(prompts[index]), options: options).completion()
      #expect(completion.tokens == plain.tokens, "\(name): \(index)")
    }
    try await engine.withModel { _ in }
    let statistics = engine.statistics
    #expect(statistics.promptTokens == 73 + 4 + 1, "\(name)")
    #expect(statistics.prefixLookups == 3 && statistics.prefixHits == 2 && statistics.prefixHitTokens == 142)
  }

  @Test("Who waits for another's prompt goes on when that is cancelled", arguments: ["llama3", "mamba2", "rigid"])
  func aLeaderThatLeaves(_ name: String) async throws {
    let tiny = try TinyModel(name)
    let engine = try tiny.engine(EngineOptions(stepTokens: 2, prefixCache: .automatic))
    let prompt = (0..<80).map { Int32($0 * 5 % 88) }
    let options = GenerationOptions(maxTokens: 5, temperature: 0, ignoreEnd: true)
    let plain = try await tiny.engine().generate(.tokens(prompt), options: options).completion().tokens
    let generations = try await whileHeld(engine) {
      (0..<4).map { _ in engine.generate(.tokens(prompt), options: options) }
    }
    var reader = generations[0].makeAsyncIterator()
    _ = try await reader.next()
    generations[0].cancel()
    for generation in generations[1...] {
      let tokens = try await watched(name) { try await generation.completion().tokens }
      #expect(tokens == plain)
    }
    try await engine.withModel { _ in }
    #expect(engine.statistics.running == 0 && engine.statistics.runningBytes == 0)
  }

  @Test("A conversation's next turn goes on from the last, also without a session", arguments: ["llama3", "rwkv7"])
  func turns(_ name: String) async throws {
    let tiny = try TinyModel(name)
    let engine = try tiny.engine(EngineOptions(prefixCache: .automatic))
    let options = GenerationOptions(maxTokens: 6, temperature: 0, ignoreEnd: true)
    var prompt = (0..<30).map { Int32($0 * 11 % 88) }
    for turn in 0..<4 {
      let answer = try await engine.generate(.tokens(prompt), options: options).completion()
      // All but the last token of the answer before, which was drawn but never read.
      if turn > 0 { #expect(answer.usage.cachedTokens == prompt.count - 4, "\(name)") }
      prompt += answer.tokens + [1, 2, 3]
    }
    // A session's own state and the store's: the longer one counts.
    let session = engine.session()
    let beginning = try await session.generate(.tokens(Array(prompt.prefix(20))), options: options).completion()
    #expect(beginning.tokens.count == 6)
    let whole = try await session.generate(.tokens(prompt), options: options).completion()
    #expect(whole.usage.cachedTokens == prompt.count - 4)
    let plain = try await tiny.engine().generate(.tokens(prompt), options: options).completion()
    #expect(plain.tokens == whole.tokens && plain.usage.cachedTokens == 0)
  }

  @Test("Pages that several share count once")
  func sharedBytes() async throws {
    let tiny = try TinyModel("deep")
    let engine = try tiny.engine(EngineOptions(prefixCache: .automatic))
    let system = (0..<512).map { Int32($0 * 7 % 88) }
    let options = GenerationOptions(maxTokens: 2, temperature: 0, ignoreEnd: true)
    for index in 0..<4 {
      _ = try await engine.generate(.tokens(system + [Int32(index)]), options: options).completion()
    }
    try await engine.withModel { _ in }
    let page = try tiny.model.makeState(capacity: 256).growth(256)
    // Two pages that all share and one for each.
    #expect(engine.statistics.storeEntries == 4)
    #expect(engine.statistics.storeBytes == 6 * page + 4 * (514 * 4))
    #expect(engine.statistics.prefixHitTokens == 3 * 512)
  }

  @Test("One whose step fails leaves nothing that another could get")
  func failuresLeaveNothing() async throws {
    let fails = ScriptedModel(vocabularySize: 96) { history in
      history.count > 45 && history.first == 3
        ? [Float](repeating: .nan, count: 96) : ScriptedModel.scramble(history, 96)
    }
    let tiny = TinyModel(name: "failing", model: fails, context: nil)
    let engine = try tiny.engine(EngineOptions(prefixCache: .automatic))
    let prompt = (0..<40).map { Int32($0 + 3) }
    let options = GenerationOptions(maxTokens: 20, temperature: 0, ignoreEnd: true, lookup: 4)
    for _ in 0..<3 {
      await #expect(throws: InferenceError.noFiniteLogit(position: 46)) {
        try await engine.generate(.tokens(prompt), options: options).completion()
      }
    }
    try await engine.withModel { _ in }
    #expect(engine.statistics.failed == 3 && engine.statistics.kvBytes == 0 && engine.statistics.prefixHits == 0)
  }
}
