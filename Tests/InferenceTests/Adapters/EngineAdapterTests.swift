import CAllocationCounter
import Foundation
import Testing
import Venturi
import VenturiTesting

/// Sessions with adapters: what is computed with one serves no other, and adapters come and go within their memory.
@Suite(.serialized) struct EngineAdapterTests {
  private static let names = ["llama3", "llama3_qv", "llama3_patterns"]

  private static func source(_ name: String, scale: Float = 1) -> AdapterSource {
    AdapterSource(path: GoldenFiles.url("adapters/\(name)").path, scale: scale)
  }

  private static func engine(
    _ sources: [AdapterSource] = names.map { source($0) }, limit: Int? = nil, cache: PrefixCache = .off,
    maxRunning: Int = 8, baseHash: String? = nil
  ) throws -> Engine {
    let tiny = try TinyModel("llama3")
    var options = EngineOptions(maxRunning: maxRunning, prefixCache: cache)
    options.adapters = sources
    options.adapterMemoryLimit = limit
    let tokens = (0..<90).map { String(UnicodeScalar(UInt8(0x21 + $0))) }
    let vocabulary = try Vocabulary(
      byteLevelTokens: ByteStrings(tokens), types: [Int32](repeating: 1, count: 90), special: SpecialTokens(end: 89))
    return try Engine(
      model: tiny.model,
      tokenizer: Tokenizer(vocabulary: vocabulary, merges: ByteStrings([String]()), preTokenizer: "smollm"),
      options: options, baseHash: baseHash)
  }

  private static func engines(_ engine: Engine) throws -> [Engine] {
    [engine] + (try engine.adapterNames.map { try engine.adapted(by: $0) })
  }

  private static func options(_ seed: Int) -> GenerationOptions {
    GenerationOptions(maxTokens: 12, temperature: seed % 2 == 0 ? 0 : 0.9, seed: UInt64(seed), ignoreEnd: true)
  }

  private static let prompts = (0..<6).map { index in (0..<(50 + index)).map { Int32(($0 * 5 + index / 3) % 88) } }

  /// What each prompt gives with each adapter when nothing else runs and nothing is kept.
  private static func alone() async throws -> [[[Int32]]] {
    var all: [[[Int32]]] = []
    for engine in try engines(engine()) {
      var answers: [[Int32]] = []
      for (index, prompt) in prompts.enumerated() {
        answers.append(try await engine.generate(.tokens(prompt), options: options(index)).completion().tokens)
      }
      all.append(answers)
    }
    return all
  }

  @Test("With the store on and in company, under any memory, every answer is that of its adapter alone")
  func company() async throws {
    let alone = try await Self.alone()
    #expect(Set(alone.map { $0[0] }).count == alone.count)
    let need = try Self.engine().statistics.adapterLimit
    #expect(need > 0)
    // Room for all adapters, and for the largest alone, so that they take turns.
    for limit in [nil, Int?(need * 6 / 10)] {
      let engine = try Self.engine(limit: limit, cache: .automatic)
      let engines = try Self.engines(engine)
      for _ in 0..<2 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (which, one) in engines.enumerated() {
            for (index, prompt) in Self.prompts.enumerated() {
              group.addTask {
                let completion = try await watched("adapter \(which)") {
                  try await one.generate(.tokens(prompt), options: Self.options(index)).completion()
                }
                #expect(completion.tokens == alone[which][index], "adapter \(which), prompt \(index)")
              }
            }
          }
          try await group.waitForAll()
        }
      }
      try await engine.withModel { _ in }
      let statistics = engine.statistics
      #expect(statistics.failed == 0 && statistics.completed == 2 * engines.count * Self.prompts.count)
      // The prompts begin alike and come twice.
      #expect(statistics.prefixHits > 0)
      #expect(statistics.adapterBytes <= statistics.adapterLimit && statistics.adapters > 0)
      if limit == nil {
        #expect(statistics.adapterLoads == 3 && statistics.adapterEvictions == 0 && statistics.adapters == 3)
      } else {
        #expect(statistics.adapterLoads > 3 && statistics.adapterEvictions > 0 && statistics.adapters < 3)
      }
    }
  }

  @Test("A state that one adapter has computed is not gone on from with another")
  func snapshots() async throws {
    let alone = try await Self.alone()
    let engines = try Self.engines(Self.engine())
    let session = engines[1].session()
    _ = try await session.generate(.tokens(Array(Self.prompts[0].prefix(40))), options: Self.options(1)).completion()
    let snapshot = try await session.snapshot()
    #expect(snapshot.tokenCount >= 40)
    for (which, engine) in engines.enumerated() {
      let later = engine.session(from: snapshot)
      let completion = try await later.generate(.tokens(Self.prompts[0]), options: Self.options(0)).completion()
      #expect(completion.tokens == alone[which][0], "\(which)")
      #expect((completion.usage.cachedTokens > 0) == (which == 1))
    }
  }

  @Test("An adapter whose file changes is another one from then on")
  func changes() async throws {
    let alone = try await Self.alone()
    let folder = try TemporaryFolder()
    let path = folder.path + "/poet"
    func put(_ name: String) throws {
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: GoldenFiles.url("adapters/\(name)").path, toPath: path)
    }
    try put("llama3")
    let adapted = try Self.engine([AdapterSource(path: path)], limit: .max, cache: .automatic).adapted(by: "poet")
    func answer() async throws -> Completion {
      try await adapted.generate(.tokens(Self.prompts[0]), options: Self.options(0)).completion()
    }
    #expect(try await answer().tokens == alone[1][0])
    let again = try await answer()
    #expect(again.tokens == alone[1][0] && again.usage.cachedTokens > 0)
    try put("llama3_qv")
    let changed = try await answer()
    #expect(changed.tokens == alone[2][0] && changed.usage.cachedTokens == 0)
    // One that cannot be read any more fails those who ask for it, and nobody else.
    try FileManager.default.removeItem(atPath: path + "/adapter_config.json")
    await #expect { _ = try await answer() } throws: {
      if case .adapter(name: "poet", _) = $0 as? InferenceError { true } else { false }
    }
    try put("llama3")
    #expect(try await answer().tokens == alone[1][0])
  }

  @Test("What cannot be used is an error that names the adapter")
  func refused() throws {
    func problem(_ sources: [AdapterSource], limit: Int? = nil, baseHash: String? = nil) -> String {
      do { _ = try Self.engine(sources, limit: limit, baseHash: baseHash) } catch { return "\(error)" }
      return "none"
    }
    let good = Self.source("llama3")
    #expect(problem([good]) == "none")
    #expect(problem([good, good]).contains("'llama3'"))
    #expect(problem([Self.source("gpt_neox")]).contains("'gpt_neox'"))
    #expect(problem([good], limit: 1000).contains("1000"))
    #expect(problem([AdapterSource(path: good.path, name: "a:b")]).contains("'a:b'"))
    #expect(problem([AdapterSource(path: good.path, scale: .infinity)]).contains("scale"))
    #expect(problem([AdapterSource(path: "/nowhere/x")]).contains("'x'"))
    let engine = try Self.engine([good])
    #expect(engine.adapterNames == ["llama3"] && engine.adapter == nil)
    #expect(throws: InferenceError.unknownAdapter(name: "x", known: ["llama3"])) { try engine.adapted(by: "x") }
    #expect(try engine.adapted(by: "llama3").adapter == "llama3")
    let scripted = ScriptedModel(contextLength: 64) { _ in [Float](repeating: 0, count: 259) }
    #expect(throws: InferenceError.self) {
      var options = EngineOptions()
      options.adapters = [good]
      _ = try Fixtures.engine(scripted, options: options)
    }
  }

  @Test("An adapter that says its base's digest is for that base only")
  func digest() throws {
    let folder = try TemporaryFolder()
    var adapter = try LowRankAdapter(path: Self.source("llama3").path)
    adapter.baseHash = "abcd"
    let (settings, weights) = try adapter.folder()
    try Data(settings).write(to: URL(filePath: folder.path + "/adapter_config.json"))
    try Data(weights.encoded()).write(to: URL(filePath: folder.path + "/adapter_model.safetensors"))
    let source = AdapterSource(path: folder.path, name: "mine")
    _ = try Self.engine([source], baseHash: "abcd")
    #expect {
      try Self.engine([source], baseHash: "abce")
    } throws: {
      "\($0)".contains("abcd") && "\($0)".contains("abce")
    }
  }

  @Test("A replayed step with adapters makes no heap allocation", .enabled(if: allocation_count_works()))
  func replaysAllocateNothing() async {
    await #expect(processExitsWith: .success) {
      for threads in [1, 2] {
        let path = GoldenFiles.url("architectures/llama3").path
        let context = Context(threads: threads)
        let model = try #require(ModelLoader.load(path: path, context: context).model as? any AdaptableModel)
        let adapters: [ModelAdapter?] =
          try ["llama3", "llama3_qv"].map {
            try model.load(LowRankAdapter(path: GoldenFiles.url("adapters/\($0)").path), scale: 1)
          } + [nil]
        for rows in [1, 2, 8, 16] {
          let states = try (0..<rows).map { _ in try model.makeState(capacity: 100) }
          // Another adapter for each row in each round.
          for round in 0..<5 {
            let batch = TokenBatch(
              states.enumerated().map {
                .init(state: $1, tokens: [9], adapter: adapters[($0 + round) % (rows == 1 ? 2 : 3)])
              })
            var (first, last, asked) = (UInt64(0), UInt64(0), 0)
            _ = try model.evaluate(batch) {
              last = allocation_count()
              if asked == 0 { first = last }
              asked += 1
              return false
            }
            if round == 0 { continue }
            #expect(asked >= 4 && last == first, "\(last - first) allocations: \(rows) rows, \(threads) threads")
          }
        }
      }
    }
  }
}
