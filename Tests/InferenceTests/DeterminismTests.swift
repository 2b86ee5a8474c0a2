import Foundation
import Testing
import Venturi
import VenturiTesting

/// One law: what a generation gets depends on its prompt, its options and the weights, and on nothing else, to the bit.
@Suite struct DeterminismTests {
  /// Tokens, and the bits of every token's log-probabilities over the whole vocabulary.
  struct Answer: Equatable, Sendable {
    var tokens: [Int32] = []
    var bits: [[UInt32]] = []
    var cached = 0
    var drafted = 0

    static func == (a: Answer, b: Answer) -> Bool { a.tokens == b.tokens && a.bits == b.bits }
  }

  /// How a generation is surrounded.
  struct Surroundings: Sendable, CustomStringConvertible {
    var threads = 1
    var stepTokens = 512
    var mixedPromptTokens = 128
    var companions = 0
    var isCached = false
    var lookup = 0

    var description: String {
      "\(threads) threads, steps of \(stepTokens) and \(mixedPromptTokens), \(companions) companions, "
        + "\(isCached ? "cached" : "fresh"), \(lookup) guesses"
    }

    var engineOptions: EngineOptions {
      EngineOptions(
        threads: threads, stepTokens: stepTokens, mixedPromptTokens: mixedPromptTokens, maxRunning: min(stepTokens, 8))
    }

    static let all: [Surroundings] = [1, 2].flatMap { threads in
      [(8, 3), (50, 17), (512, 128)].flatMap { step, mixed in
        [0, 1, 4].flatMap { companions in
          [false, true].flatMap { isCached in
            [0, 6].map { lookup in
              Surroundings(
                threads: threads, stepTokens: step, mixedPromptTokens: mixed, companions: companions,
                isCached: isCached, lookup: lookup)
            }
          }
        }
      }
    }
  }

  static func answer(
    _ engine: Engine, _ prompt: [Int32], _ around: Surroundings, _ options: GenerationOptions
  ) async throws -> Answer {
    var options = options
    options.lookup = around.lookup
    let session = engine.session()
    if around.isCached {
      let beginning = Array(prompt.prefix(prompt.count * 2 / 3)) + [5, 6, 7]
      _ = try await session.generate(.tokens(beginning), options: GenerationOptions(maxTokens: 3, seed: 9)).completion()
    }
    let companions = (0..<around.companions).map { index in
      engine.generate(
        .tokens((0..<Int32(3 + 31 * index)).map { 10 + $0 * 7 % 200 }),
        options: GenerationOptions(maxTokens: 40, seed: UInt64(index), ignoreEnd: true, lookup: index))
    }
    var answer = Answer()
    for try await event in session.generate(.tokens(prompt), options: options) {
      switch event {
      case .token(let token):
        answer.tokens.append(token.id)
        let sorted = token.alternatives.sorted { $0.id < $1.id }
        answer.bits.append(sorted.map(\.logProbability.bitPattern) + [token.logProbability?.bitPattern ?? 0])
      case .finished(let completion):
        answer.cached = completion.usage.cachedTokens
        answer.drafted = completion.usage.draftedTokens
      default: break
      }
    }
    for companion in companions { companion.cancel() }
    return answer
  }

  @Test(
    "Threads, chunks, company, cache and guesses change no bit", .timeLimit(.minutes(10)),
    arguments: [
      (DType.q4_0, ComputeMode.fast, CacheType.f16, nil), (.q8_0, .fast, .q8, nil), (.q4_1, .f32, .f32, nil),
      (.q4_0, .fast, .f16, "block:16x2+16"),
    ])
  func tiny(dtype: DType, compute: ComputeMode, cache: CacheType, sparse: String?) async throws {
    let file = try TemporaryFile(TinyLlama.file(dtype: dtype))
    // Text that repeats itself, so that look-up has something to guess.
    let prompt: [Int32] = (0..<90).map { 10 + $0 % 9 * 3 + $0 / 40 }
    let options = GenerationOptions(
      maxTokens: 30, temperature: 0.4, logitBias: [10: 20, 13: 20, 16: 20], seed: 42,
      logProbabilities: TinyLlama.tokens.count, ignoreEnd: true)
    var expected: Answer?
    var (combinations, cached, drafted) = (0, 0, 0)
    for around in Surroundings.all {
      var engineOptions = around.engineOptions
      engineOptions.compute = compute
      engineOptions.cache = cache
      engineOptions.sparse = try sparse.flatMap { try BlockBudget(parsing: $0) }
      let engine = try await Engine.load(file.path, options: engineOptions)
      let answer = try await Self.answer(engine, prompt, around, options)
      #expect(answer.tokens.count == 30 && answer.bits.allSatisfy { $0.count == TinyLlama.tokens.count + 1 })
      let isEqual = answer == expected ?? answer
      #expect(isEqual, "\(around)")
      expected = expected ?? answer
      #expect((answer.cached > 0) == around.isCached, "\(around)")
      combinations += 1
      cached += answer.cached
      drafted += answer.drafted
    }
    // Three of these make 216.
    #expect(combinations == 72 && cached > 0 && drafted > 0)
  }

  @Test("Chunks, threads and kernel sets give the same bits in every row", arguments: [DType.q4_0, .q4_1, .q8_0, .f16])
  func chunks(dtype: DType) throws {
    let bytes = TinyLlama.file(dtype: dtype)
    let file = try TemporaryFile(bytes)
    let tokens: [Int32] = (0..<120).map { 3 + $0 * 37 % 290 }
    for compute in ComputeMode.allCases {
      var expected: [UInt32] = []
      var compared = 0
      // Which activations 8-bit weights meet in the fast mode goes by the set.
      let sets = KernelSet.allCases.filter {
        $0.isSupported
          && (dtype != .q8_0 || compute == .f32 || $0.hasByteProducts == KernelSet.preferred.hasByteProducts)
      }
      for (threads, kernels) in [(1, KernelSet.preferred)] + sets.map({ (2, $0) }) {
        let context = Context(threads: threads, kernels: kernels)
        let model = try ModelLoader.load(path: file.path, options: LoadOptions(compute: compute), context: context)
          .model
        for chunk in [120, 1, 2, 7, 16, 17, 33, 64] {
          let state = try model.makeState(capacity: tokens.count)
          var bits: [UInt32] = []
          for start in stride(from: 0, to: tokens.count, by: chunk) {
            let part = Array(tokens[start..<min(start + chunk, tokens.count)])
            let logits = try model.evaluate(
              TokenBatch([.init(state: state, tokens: part, logits: .all)]), isCancelled: { false })
            for row in logits.rows[0] { bits += logits.row(row).map(\.bitPattern) }
          }
          if expected.isEmpty { expected = bits }
          // Compared first: a failure would print every number.
          let first = zip(bits, expected).enumerated().first { $1.0 != $1.1 }?.offset
          #expect(
            first == nil && bits.count == expected.count,
            "\(dtype), \(compute), \(threads) threads, \(kernels), chunks of \(chunk): logit \(first ?? -1)")
          compared += 1
        }
      }
      #expect(sets.count >= 1 && compared == 8 * (1 + sets.count) && expected.count == 120 * 300)
    }
  }

  @Test("The default model", .timeLimit(.minutes(10)))
  func real() async throws {
    let path = try GoldenFiles.defaultModel()
    let options = GenerationOptions(maxTokens: 16, seed: 7, logProbabilities: 1000, ignoreEnd: true)
    var expected: Answer?
    for around in [
      Surroundings(threads: 1), Surroundings(threads: 2, companions: 2, lookup: 4),
      Surroundings(threads: 2, stepTokens: 50, mixedPromptTokens: 17, companions: 1, isCached: true),
    ] {
      let engine = try await Engine.load(path, options: around.engineOptions)
      let prompt = try engine.tokens(of: .text("The water, the pipe, the water, the pipe, and the"))
      let answer = try await Self.answer(engine, prompt, around, options)
      let isEqual = answer == expected ?? answer
      #expect(isEqual, "\(around)")
      expected = expected ?? answer
      #expect(answer.tokens.count == 16)
    }
  }
}
