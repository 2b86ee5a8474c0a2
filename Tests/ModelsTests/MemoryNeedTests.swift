import Formats
import Mixers
import Models
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// What a model says it needs against what it then takes: never less, and not much more.
@Suite(.serialized) struct MemoryNeedTests {
  /// The largest number of bytes that loading and one full sequence held: prompt chunks of `stepTokens`, then every short
  /// step, with logits for its last row and for all.
  static func taken(
    _ file: Checkpoint, options: LoadOptions, threads: Int, kernels: KernelSet
  ) throws -> (weights: Int, total: Int) {
    let context = Context(threads: threads, kernels: kernels)
    let model = try ModelLoader.load(file, options: options, context: context).model
    let weights = context.allocator.liveBytes
    let limit = model.description.contextLength
    let state = try model.makeState(capacity: limit)
    func append(_ count: Int, _ logits: TokenBatch.LogitRows, answer: Int = 0) throws {
      let tokens = (0..<count).map { Int32($0 % model.description.vocabularySize) }
      _ = try model.evaluate(
        TokenBatch([.init(state: state, tokens: tokens, logits: logits, answerTokens: answer)]),
        isCancelled: { false })
    }
    let long = options.logitRows > 1 ? TokenBatch.LogitRows.all : .last
    while limit - state.tokens > 2 * options.stepTokens { try append(options.stepTokens, long) }
    for rows in 1...min(16, options.stepTokens) {
      for logits in [TokenBatch.LogitRows.last, .all] {
        // Rows that see all keys beside rows that see few, where there are both.
        try append(rows, logits, answer: max(1, rows - 1))
        #expect(state.rewind(to: state.tokens - rows))
      }
    }
    while limit - state.tokens > 0 { try append(min(options.stepTokens, limit - state.tokens), long) }
    let llama = try #require(model as? Decoder)
    return (weights, context.allocator.peakLiveBytes + llama.keptBytes)
  }

  static func check(
    _ bytes: [UInt8], options: LoadOptions, threads: Int = 2, kernels: KernelSet = .preferred, margin: Double,
    _ name: String
  ) throws {
    var bytes = bytes
    try bytes.withUnsafeMutableBytes { bytes in
      let storage = Storage(borrowing: bytes, keeper: nil)
      try check(
        Checkpoint(gguf: storage), options: options, threads: threads, kernels: kernels,
        margin: margin, name)
    }
  }

  static func check(
    _ file: Checkpoint, options: LoadOptions, threads: Int, kernels: KernelSet, margin: Double,
    _ name: String
  ) throws {
    let need = try ModelLoader.memoryNeed(of: file, options: options, threads: threads)
    let taken = try taken(file, options: options, threads: threads, kernels: kernels)
    print("\(name): \(need), total \(need.total); taken \(taken)")
    #expect(taken.weights <= need.weights && Double(need.weights) <= 1.01 * Double(taken.weights), "\(name): \(need)")
    #expect(taken.total <= need.total, "\(name): \(need) is below \(taken)")
    #expect(Double(need.total) <= margin * Double(taken.total), "\(name): \(need) is far above \(taken)")
    // One byte less is refused before anything is taken.
    var tight = options
    tight.memoryLimit = need.total - 1
    let context = Context(threads: threads)
    #expect(throws: ModelError.doesNotFit(neededBytes: need.total, availableBytes: need.total - 1)) {
      try ModelLoader.load(file, options: tight, context: context)
    }
    #expect(context.allocator.peakLiveBytes == 0, "\(name)")
  }

  @Test func tinyModelsOfEveryType() throws {
    var cases = 0
    for dtype in DType.allCases where PackedMatrix.packedBytes(of: [(dtype, 16, 256)]) > 0 {
      // Decoded to f32, types differ in their packed bytes only.
      let everyMode: Set<DType> = [.f32, .f16, .bf16, .q4_0, .q8_0, .q6_K, .q8_K, .q2_K, .iq2_s, .mxfp4]
      for compute in ComputeMode.allCases where compute == .fast || everyMode.contains(dtype) {
        var model = TinyLlama()
        model.dtype = dtype
        model.width = 256
        model.heads = 4
        model.kvHeads = 2
        model.feedForward = 512
        model.contextLength = 1024
        let options = LoadOptions(compute: compute, stepTokens: 128)
        // The reckoning is of the kernels that take most; without VNNI eight-bit steps take a tenth less.
        try Self.check(
          model.image().encoded(), options: options, margin: 1.12, "\(dtype.displayName) \(compute.rawValue)")
        cases += 1
      }
    }
    #expect(cases == 40)
  }

  @Test func otherSizesAndThreads() throws {
    var model = TinyLlama()
    model.dtype = .q4_0
    model.embeddingDType = .q8_0
    model.tied = false
    for kernels in KernelSet.allCases where kernels.isSupported {
      for (step, logits, threads, context) in [(512, 1, 1, 2048), (64, 64, 2, 300), (1, 1, 2, 70), (300, 1, 4, 256)] {
        model.contextLength = context
        try Self.check(
          model.image().encoded(), options: LoadOptions(stepTokens: step, logitRows: logits), threads: threads,
          kernels: kernels, margin: 1.15, "steps of \(step), \(kernels.rawValue)")
      }
    }
  }

  @Test func aBudgetOfKeysTakesPagesAndMeans() throws {
    var model = TinyLlama()
    model.dtype = .q4_0
    model.width = 256
    model.heads = 4
    model.kvHeads = 2
    model.contextLength = 1024
    for (blocks, local) in [(1, 16), (8, 64), (40, 100), (4000, 1)] {
      let options = LoadOptions(stepTokens: 128, sparse: try BlockBudget(blocks: blocks, local: local))
      try Self.check(model.image().encoded(), options: options, margin: 1.15, "\(blocks) blocks and \(local) keys")
    }
  }

  /// Models so small that what rounds up weighs more than elsewhere.
  @Test func everyDecoder() throws {
    for name in GoldenDecoderTests.names {
      let file = try Checkpoint(path: GoldenArchitecture(name).path)
      for compute in ComputeMode.allCases {
        try Self.check(
          file, options: LoadOptions(compute: compute, stepTokens: 64, logitRows: 8), threads: 2, kernels: .preferred,
          margin: 1.1, "\(name) \(compute.rawValue)")
      }
    }
  }

  @Test func theDefaultModel() throws {
    let file = try Checkpoint(path: GoldenFiles.defaultModel())
    for options in [
      LoadOptions(contextLength: 2048), LoadOptions(compute: .f32, cache: .q8, contextLength: 1024, logitRows: 512),
    ] {
      try Self.check(
        file, options: options, threads: 2, kernels: .preferred, margin: 1.05,
        "SmolLM2 \(options.compute.rawValue)")
    }
  }

  /// 136 kinds of short steps keep no more than what was stated for the 31 of one sequence.
  @Test func stepsOfManySequencesKeepWithinTheNeed() throws {
    var bytes = TinyLlama.file(dtype: .q4_0)
    try bytes.withUnsafeMutableBytes { bytes in
      let storage = Storage(borrowing: bytes, keeper: nil)
      let file = try Checkpoint(gguf: storage)
      let need = try ModelLoader.memoryNeed(of: file, threads: 2)
      let model = try ModelLoader.load(file, context: Context(threads: 2)).model
      let llama = try #require(model as? Decoder)
      let states = try (0..<16).map { _ in try model.makeState(capacity: 256) }
      var most = 0
      for rows in 1...16 {
        for count in 1...rows {
          let runs = states.prefix(count).enumerated().map { index, state in
            TokenBatch.Run(state: state, tokens: [Int32](repeating: 7, count: index == 0 ? rows - count + 1 : 1))
          }
          _ = try model.evaluate(TokenBatch(runs), isCancelled: { false })
          most = max(most, llama.keptBytes)
          for state in states { #expect(state.rewind(to: 0)) }
        }
      }
      let positions = 256 * 32 * 4
      #expect(most > need.capturedSteps / 2, "\(most)")
      #expect(most <= need.capturedSteps + positions, "\(most) where \(need.capturedSteps) are stated")
    }
  }
}
