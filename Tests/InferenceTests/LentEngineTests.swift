import Foundation
import Testing
import Venturi
import VenturiTesting

/// Engines and embedders that are lent: whoever lends learns when the last use is over.
@Suite struct LentEngineTests {
  private final class Token: Sendable {}

  /// Waits until something is gone; a watchdog, no measurement.
  private static func gone(_ isThere: () -> Bool) -> Bool {
    for _ in 0..<5000 where isThere() { usleep(1000) }
    return !isThere()
  }

  @Test("What is held goes with the last generation, and the lender's thread goes on")
  func generations() async throws {
    let file = try TemporaryFile(TinyLlama.file(dtype: .q4_0))
    let engine = try Engine.open(file.path, options: EngineOptions(threads: 1, profile: .none))
    let options = GenerationOptions(maxTokens: 12, seed: 3, ignoreEnd: true)
    let expected = try await engine.generate("the water", options: options).completion()
    weak var held: Token?
    let generation: Generation
    do {
      let token = Token()
      held = token
      let lent = engine.lent(holding: token)
      #expect(lent.lifetime === engine.lifetime && lent.contextLength == engine.contextLength)
      generation = lent.generate("the water", options: GenerationOptions(maxTokens: 200, seed: 3, ignoreEnd: true))
      let session = lent.session()
      #expect(try await session.generate("the water", options: options).completion().tokens == expected.tokens)
      #expect(held != nil, "a session holds it")
    }
    _ = try await generation.completion()
    #expect(Self.gone { held != nil })
    #expect(try await engine.generate("the water", options: options).completion().tokens == expected.tokens)
  }

  @Test("A lent engine works on when the lender has let go, and the memory goes with it")
  func memory() async throws {
    let file = try TemporaryFile(TinyLlama.file(dtype: .q4_0))
    weak var lifetime: AnyObject?
    do {
      var engine: Engine? = try Engine.open(file.path, options: EngineOptions(threads: 1, profile: .none))
      lifetime = engine?.lifetime
      let lent = try #require(engine?.lent(holding: Token()))
      engine = nil
      let answer = lent.generate("a", options: GenerationOptions(maxTokens: 3, ignoreEnd: true))
      #expect(try await answer.completion().tokens.count == 3)
      #expect(lifetime != nil)
    }
    #expect(Self.gone { lifetime != nil })
  }

  @Test("An embedder that is lent holds what is to be held, and its memory goes too")
  func embedders() async throws {
    weak var lifetime: AnyObject?
    weak var held: Token?
    do {
      let embedder = try Embedder.open(GoldenFiles.miniLM())
      lifetime = embedder.lifetime
      let expected = try await embedder.embed("x")
      do {
        let token = Token()
        held = token
        let lent = embedder.lent(holding: token)
        #expect(try await lent.embed("x") == expected)
      }
      #expect(Self.gone { held != nil })
      #expect(try await embedder.embed("x") == expected)
    }
    #expect(Self.gone { lifetime != nil })
  }

  @Test("An engine without room says so before a prompt is looked at")
  func room() async throws {
    let engine = try Engine(
      model: ScriptedModel(), tokenizer: Fixtures.tokenizer(), options: EngineOptions(maxRunning: 1, maxQueued: 0))
    try engine.checkRoom()
    let running = engine.generate("x", options: GenerationOptions(maxTokens: 4000, ignoreEnd: true))
    let error = #expect(throws: InferenceError.self) { try engine.checkRoom() }
    if case .overloaded(_, _, let limit, _, _, let seconds) = error {
      #expect(limit == 0 && seconds > 0)
    } else {
      Issue.record("\(String(describing: error))")
    }
    running.cancel()
    _ = try await running.completion()
  }

  @Test("What a model takes is known from its file")
  func need() throws {
    let file = try TemporaryFile(TinyLlama.file(dtype: .q4_0))
    let options = EngineOptions(threads: 1, profile: .none)
    let need = try Engine.memoryNeed(of: file.path, options: options)
    var limited = options
    limited.stateMemoryLimit = need.fullSequence
    let engine = try Engine.open(file.path, options: limited)
    #expect(engine.statistics.capacityBytes == need.fullSequence)
    #expect(engine.model.description.weightBytes <= need.weights)
    #expect(throws: (any Error).self) { try Engine.memoryNeed(of: "/no/such.gguf") }
  }
}
