import Formats
import Inference
import Models
import NumericTypes
import Profiling
import Testing
import Text
import VenturiTesting

/// What techniques say of a made-up machine and model.
@Suite("Techniques") struct TechniqueTests {
  private struct Own: Technique {
    var name = "own"
    var signs = "own"
    var gains = [1.5]
    var addresses = [Bottleneck(.decode, .compute)]

    func advice(for subject: Subject) -> [Advice] {
      gains.enumerated().map { index, gain in
        Advice(
          technique: signs, name: "own \(index)", addresses: addresses, isExact: true,
          predictedGain: gain
        ) { $0.extensions["own"] = .integer(index) }
      }
    }
  }

  private static func limits(_ threads: Int, read: Double) throws -> StepCosts.Limits {
    func rate(_ value: Double) throws -> Summary { try #require(Summary([value])) }
    let chains: [Ceilings.Chain: Summary] = [
      .f32: try rate(100 * Double(threads)), .int4: try rate(500 * Double(threads)),
      .int8: try rate(400 * Double(threads)), .int16: try rate(200 * Double(threads)),
    ]
    return StepCosts.Limits(
      ceilings: Ceilings(
        threads: threads, chains: chains, read: try rate(read), bestRead: try rate(read),
        bestReadPattern: .init(streams: 1, prefetch: 0)), forkSeconds: threads > 1 ? 1e-6 : 0)
  }

  private static func subject(
    _ goal: Goal, settings: EngineSettings, samples: [Subject.Sample] = []
  ) throws -> Subject {
    let inventory = WeightInventory(
      weights: [
        .init(name: "token_embd.weight", dtype: .q8_0, rank: 2, count: 30_000_000, bytes: 32_000_000),
        .init(name: "blk.0.attn_q.weight", dtype: .q4_1, rank: 2, count: 100_000_000, bytes: 62_500_000),
      ], fileBytes: 95_000_000, cacheBytesPerToken: 23_040)
    let model = ModelDescription(
      name: "made up", architecture: "llama", vocabularySize: 50_000, contextLength: 8192, layers: 30, width: 576,
      heads: 9, kvHeads: 3, headDim: 64, feedForward: 1536, parameters: 130_000_000, weightBytes: 95_000_000,
      weightTypes: "", stateBytesPerToken: 23_040)
    let rows = [1, 4, 16, 64, 256]
    // A step of one row reads the weights; each further row computes.
    let steps = rows.map { StepCosts.Measured(rows: $0, seconds: 3e-3 + 2e-4 * Double($0 - 1)) }
    let costs = StepCosts(
      settings: settings, model: model, inventory: inventory,
      limits: [1: try limits(1, read: 25), 2: try limits(2, read: 30), 4: try limits(4, read: 31)], promptSteps: steps,
      checkedSteps: steps, depth: 0)
    let file = try GGUFFile(ByteView(copying: TinyLlama.file()))
    return Subject(
      goal: goal, settings: settings, baseline: 3e-3, model: model,
      machine: MachineIdentity(processor: "made up", kernels: "avx2", processors: 2), costs: costs, samples: samples,
      tokenizer: try Tokenizer(file), template: nil)
  }

  private static let settings = EngineSettings(
    threads: 2, compute: .fast, stepTokens: 512, mixedPromptTokens: 128, lookup: 0)

  @Test func theRegistryTakesTechniquesOfOthers() throws {
    var registry = TechniqueRegistry.builtIn
    let count = registry.techniques.count
    registry.add(Own(gains: [0.9, 7]))
    let subject = try Self.subject(.prefill(tokens: 512), settings: Self.settings)
    let advices = try registry.advices(for: subject)
    #expect(advices[0].name == "own 1", "the largest prediction comes first")
    #expect(zip(advices, advices.dropFirst()).allSatisfy { $0.predictedGain >= $1.predictedGain })
    #expect(advices[0].applied(to: Self.settings).extensions == ["own": 1])
    registry.add(Own(gains: []))
    #expect(registry.techniques.count == count + 1, "one of each name")
    #expect(registry.names(addressing: Bottleneck(.decode, .compute)).contains("own"))
    #expect(!registry.names(addressing: Bottleneck(.prefill, .memory)).contains("own"))
    #expect(try !registry.advices(for: subject).contains { $0.technique == "own" })
  }

  @Test(arguments: [0, -1, Double.nan, .infinity])
  func aPredictionIsANumber(_ gain: Double) throws {
    let subject = try Self.subject(.memory, settings: Self.settings)
    #expect(throws: ProfilingError.self) { try TechniqueRegistry([Own(gains: [gain])]).advices(for: subject) }
    #expect(throws: ProfilingError.self) { try TechniqueRegistry([Own(signs: "threads")]).advices(for: subject) }
  }

  @Test func oneThreadOfTwoIsAHandicap() throws {
    var one = Self.settings
    one.threads = 1
    let prefill = try #require(
      ThreadCount().advice(for: Self.subject(.prefill(tokens: 512), settings: one)).first { $0.name == "threads 2" })
    // Arithmetic doubles, and forks cost next to nothing.
    #expect(abs(prefill.predictedGain - 2) < 0.05 && prefill.isExact)
    let decode = try #require(ThreadCount().advice(for: Self.subject(.decode(depth: 0), settings: one)).first)
    #expect(abs(decode.predictedGain - 30.0 / 25) < 0.02)
    #expect(ThreadCount.counts(processors: 6) == [1, 2, 4, 6] && ThreadCount.counts(processors: 1) == [1])
  }

  @Test func chunksCutThePrompt() throws {
    var small = Self.settings
    small.stepTokens = 4
    let advices = ChunkSize().advice(for: try Self.subject(.prefill(tokens: 200), settings: small))
    // 256 and everything above it read the prompt at once.
    #expect(advices.map(\.name) == ["chunk 32", "chunk 64", "chunk 128", "chunk 256"])
    #expect(advices.allSatisfy { $0.predictedGain > 1 })
    #expect(ChunkSize().advice(for: try Self.subject(.decode(depth: 9), settings: small)).isEmpty)
    let memory = ChunkSize().advice(for: try Self.subject(.memory, settings: Self.settings))
    #expect(memory.first?.name == "chunk 32" && memory.allSatisfy { $0.predictedGain > 1 })
  }

  @Test func guessesPayOnTextThatRepeats() throws {
    let cycle = (0..<64).map { Int32($0 % 8) }
    let repeating = Subject.Sample(kind: "cycle", prompt: cycle, answer: Array(cycle.prefix(40)))
    // Three tokens that came before, then always another one than the last time.
    let broken = (0..<40).map { (index: Int) -> Int32 in index % 3 == 2 ? Int32(100 + index) : Int32(1 + index % 3) }
    let misleading = Subject.Sample(kind: "misleading", prompt: [1, 2], answer: broken)
    func gain(_ sample: Subject.Sample, from: Int, to name: String) throws -> Double {
      var settings = Self.settings
      settings.lookup = from
      let subject = try Self.subject(.decode(depth: 0), settings: settings, samples: [sample])
      return try #require(LookupGuessing().advice(for: subject).first { $0.name == name }).predictedGain
    }
    #expect(try gain(repeating, from: 0, to: "lookup 8") > 2)
    #expect(try gain(misleading, from: 0, to: "lookup 8") < 1)
    #expect(try gain(misleading, from: 16, to: "lookup 0") > 1)
  }

  @Test("The guesses that are counted are those that the engine makes", arguments: [1, 2, 4, 8, 16])
  func guessesAreTheEngines(_ limit: Int) async throws {
    let model = ScriptedModel(vocabularySize: 300) { history in
      // Mostly a cycle, broken now and then.
      var logits = [Float](repeating: 0, count: 300)
      let next = history.count % 23 == 0 ? 200 + history.count % 7 : 50 + history.count % 6
      logits[next] = 50
      return logits
    }
    let file = try GGUFFile(ByteView(copying: TinyLlama.file()))
    let engine = try Engine(model: model, tokenizer: Tokenizer(file))
    let prompt = (0..<30).map { Int32(50 + $0 % 6) }
    let options = GenerationOptions(maxTokens: 80, temperature: 0, ignoreEnd: true, lookup: limit)
    let answer = try await engine.generate(.tokens(prompt), options: options).completion()
    let sample = Subject.Sample(kind: "scripted", prompt: prompt, answer: answer.tokens)
    #expect(LookupGuessing.steps(limit: limit, sample) == model.batches.dropFirst().map { $0[0] })
    #expect(answer.usage.acceptedTokens > 0 && answer.usage.acceptedTokens < answer.usage.draftedTokens)
  }

  @Test func textsAreAsDeepAsAsked() throws {
    let file = try GGUFFile(ByteView(copying: TinyLlama.file()))
    let tokenizer = try Tokenizer(file)
    let goal = Goal.decode(depth: 9000)
    func workload(
      _ goal: Goal, context: Int = 1 << 20, kinds: [String] = Workload.kinds, text: String = SampleText.prose
    )
      throws -> Workload
    {
      try Workload(
        goal: goal, text: text, tokenizer: tokenizer, template: nil, contextLength: context, kinds: kinds)
    }
    let deep = try workload(goal)
    #expect(deep.items.map(\.kind) == Workload.kinds)
    #expect(deep.items.allSatisfy { $0.tokens.count <= 9000 && $0.tokens.count > 8000 })
    #expect(try workload(.prefill(tokens: 777)).items.map(\.tokens.count) == [777])
    #expect(try workload(goal, kinds: ["story"]).items.count == 1)
    #expect(throws: ProfilingError.self) { try workload(goal, context: 9000) }
    #expect(throws: ProfilingError.self) { try workload(.prefill(tokens: 8), text: "") }
    #expect(throws: ProfilingError.self) { try workload(goal, kinds: ["poem"]) }
  }
}
