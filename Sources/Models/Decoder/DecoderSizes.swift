import Formats
import Layers
import Mixers
import NumericTypes
import Tensors

/// The sizes of a decoder as its checkpoint and the options say, checked, and the memory that follows from them.
struct DecoderSizes {
  let configuration: DecoderConfiguration
  let vocabularySize: Int
  let contextLength: Int
  let cache: KeyValueLayout
  private let cores: [DecoderConfiguration.Layer: any AttentionCore]
  private let dense: [DenseAttention]
  let options: LoadOptions
  let threads: Int
  private let matrices: [(dtype: DType, outFeatures: Int, inFeatures: Int)]
  private let vectorBytes: Int
  /// What types the experts' matrices have, each combination once.
  let expertTypes: [DecoderConfiguration.Experts.Types]

  /// - Throws: ``/Formats/FormatError``, ``ModelError`` or ``/Layers/MixerError``, naming the key or tensor.
  init(_ file: Checkpoint, configuration: DecoderConfiguration, options: LoadOptions, threads: Int) throws {
    self.configuration = configuration
    let vocabulary = try file.vocabularySize(width: configuration.width)
    vocabularySize = vocabulary
    contextLength = min(options.contextLength ?? configuration.contextLength, configuration.contextLength)
    let kept = options.cache ?? CacheType(for: options.compute)
    if options.sparse != nil {
      try Self.checkSparse(configuration, kept)
    }
    cache = try KeyValueLayout(
      layers: configuration.layers, kvHeads: configuration.kvHeads, headDim: configuration.headDim,
      dtype: kept.dtype, hasBlockMeans: options.sparse != nil)
    dense = try Set(configuration.kinds).map { try Self.dense(configuration, $0) }
    cores = try Dictionary(
      uniqueKeysWithValues: Set(configuration.kinds).map { kind in
        let core = try Self.dense(configuration, kind)
        guard let budget = options.sparse, kind.window == nil else { return (kind, core) }
        return (kind, try BlockTopKAttention(core, budget: budget))
      })
    self.options = options
    self.threads = threads
    expertTypes = configuration.experts?.types(configuration, in: file) ?? []
    // In the order of packing: blocks, embedding, output. What is missing is found when it is read.
    let blocks = (0..<configuration.layers).flatMap { configuration.allMatrices($0, in: file) }
    let ends = ["token_embd.weight", "output.weight"].map {
      DecoderMatrix(name: $0, out: vocabulary, width: configuration.width)
    }
    matrices = (blocks + ends).compactMap { matrix in
      guard let tensor = file.tensorIfPresent(matrix.name) else { return nil }
      if let stack = matrix.stack {
        guard tensor.shape == [stack, matrix.out, matrix.width] else { return nil }
        // Each of the stack has whole panels of 16 rows.
        return (tensor.dtype, outFeatures: stack * ((matrix.out + 15) / 16 * 16), inFeatures: matrix.width)
      }
      guard tensor.shape.rank == 2 else { return nil }
      return (tensor.dtype, outFeatures: matrix.part?.rows.count ?? tensor.shape[0], inFeatures: tensor.shape[1])
    }
    func vector(_ count: Int) -> Int { Allocator.sizeClass(count.multipliedClamped(by: 4)) }
    // Biases are read matrix by matrix, the other vectors as they are.
    let biased = (blocks + ends).filter { file.tensorIfPresent($0.biasName) != nil }
    let biases = Set(biased.map(\.biasName))
    vectorBytes =
      biased.reduce(0) { $0.addingClamped(vector($1.out)) }
      .addingClamped(
        file.tensors.filter { $0.shape.rank == 1 && !biases.contains($0.name) }
          .reduce(0) { $0.addingClamped(vector($1.count)) })
  }

  private static func dense(
    _ configuration: DecoderConfiguration, _ kind: DecoderConfiguration.Layer
  ) throws(MixerError) -> DenseAttention {
    try DenseAttention(
      heads: configuration.heads, kvHeads: configuration.kvHeads, headDim: configuration.headDim,
      scale: configuration.scoreScale, softcap: configuration.scoreLimit,
      mask: kind.window.map { .sliding($0) } ?? .causal)
  }

  /// Refuses to choose among keys where there is nothing to choose from.
  private static func checkSparse(
    _ configuration: DecoderConfiguration, _ cache: CacheType
  ) throws(ModelError) {
    if configuration.latent != nil {
      throw .configuration(key: "sparse", problem: "latent attention has one key for all heads")
    }
    if !configuration.kinds.contains(where: { $0.window == nil }) {
      throw .configuration(key: "sparse", problem: "every layer has a window of its own")
    }
    if cache == .q8 {
      throw .configuration(key: "sparse", problem: "keys of 8 bits cannot be chosen among; f16 and f32 can")
    }
  }

  /// The attention of a layer.
  func core(_ kind: DecoderConfiguration.Layer) throws -> any AttentionCore {
    guard let core = cores[kind] else { preconditionFailure("a layer of another configuration") }
    return core
  }

  /// The learned rows of positions.
  private var positionBytes: Int {
    configuration.learnsPositions
      ? Allocator.sizeClass(contextLength.multipliedClamped(by: configuration.width * 4)) : 0
  }

  /// What the model takes.
  var memoryNeed: MemoryNeed {
    let rows = max(1, min(options.stepTokens, contextLength))
    let page = Allocator.sizeClass(cache.pageBytes)
    let pages = KeyValueLayout.pages(contextLength)
    let short = min(StepPlans.capturedRows, rows)
    // A sequence's short steps have logits for their last row or for all.
    let captured = (1...short).flatMap { $0 == 1 ? [($0, 1)] : [($0, 1), ($0, $0)] }
    return MemoryNeed(
      weights: PackedMatrix.packedBytes(of: matrices)
        .addingClamped(vectorBytes).addingClamped(positionBytes),
      perToken: cache.pageBytes / KeyValueLayout.pageTokens,
      fullSequence: pages.multipliedClamped(by: page)
        .addingClamped(
          pages * KeyValueLayout.pageTokens * 4 * configuration.rotations.reduce(0) { $0 + $1.rotated }),
      step: step(rows: rows, logits: min(max(1, options.logitRows), rows), grows: false).bytes,
      capturedSteps: captured.reduce(0) { $0 + step(rows: $1.0, logits: $1.1, grows: true).bytes })
  }

  /// The blocks of one step; `grows` where attention's tables are kept and grow with the sequence.
  private func step(rows: Int, logits: Int, grows: Bool) -> BlockTally {
    let c = configuration
    let (queries, keys) = (c.queryWidth, c.keyWidth)
    func floats(_ width: Int, _ rows: Int) -> Int { rows * width * 4 }
    // Each kind of attention keeps its own tables.
    let attention = dense.flatMap { core in
      guard let budget = options.sparse, core.mask == .causal,
        let sparse = try? BlockTopKAttention(core, budget: budget)
      else { return core.workspaceBytes(rows: rows, contextLength: contextLength, threads: threads, grows: grows) }
      return sparse.workspaceBytes(
        rows: rows, contextLength: contextLength, threads: threads, grows: grows, cache: cache)
    }
    let kept = BlockTally([floats(c.width, rows)]) + BlockTally(attention)
    // As ``DecoderConfiguration`` has it: queries, keys, values, the head and some down projections take refined inputs.
    let refined = inputs(c.width, rows, [.refined])
    // A parallel block norms for both of its layers first; what is normed at the end goes beside it.
    let stream = BlockTally([floats(c.width, rows)])
    let normed = c.isParallel ? stream + stream : stream
    let output = c.normsOutputs ? stream + stream : BlockTally()
    let heads = [floats(queries, rows), floats(keys, rows)]
    let isNormed = c.normsHeads || c.normsQueriesAndKeys
    let projected = BlockTally(heads + [floats(keys, rows)] + (isNormed ? heads : [])) + latentBlocks(rows: rows)
    // Gate and up are computed apart where their types take their input in different ways.
    let gated = BlockTally([Int](repeating: floats(c.feedForward, rows), count: hiddenBlocks))
    let stages = [
      BlockTally([threads * floats(c.width, 16)]),
      normed + refined + projected + scratch(c.width, [.refined]),
      normed + projected + BlockTally([floats(queries, rows)]) + inputs(queries, rows, [.bytes])
        + scratch(queries, [.bytes]) + output,
      normed + inputs(c.width, rows, [.bytes]) + gated + scratch(c.width, [.bytes]),
      normed + inputs(c.width, rows, [.bytes]) + gated + inputs(c.feedForward, rows, [.bytes, .refined])
        + scratch(c.feedForward, [.bytes, .refined]) + output,
      BlockTally([floats(c.width, logits), floats(c.width, logits), floats(vocabularySize, logits)])
        + inputs(c.width, logits, [.refined]) + scratch(c.width, [.refined]),
      normed + expertBlocks(rows: rows),
    ]
    return kept + stages.reduce(BlockTally()) { $0.then($1) }
  }

  /// The blocks of a layer of experts.
  private func expertBlocks(rows: Int) -> BlockTally {
    guard let experts = configuration.experts else { return BlockTally() }
    let (width, shared) = (configuration.width, experts.sharedHidden)
    let kept = BlockTally(experts.routing.workingBlocks(rows: rows)) + inputs(width, rows, [.refined, .bytes])
    let layer = expertTypes.reduce(BlockTally()) { $0.then(BlockTally($1.blocks(rows, experts, width, self))) }
    let beside =
      BlockTally([Int](repeating: rows * shared * 4, count: 3) + [Int](repeating: rows * width * 4, count: 3))
      + inputs(shared, rows, [.bytes, .refined]) + scratch(shared, [.bytes, .refined])
    return kept + scratch(width, [.refined, .bytes]) + layer.then(beside)
  }

  /// The blocks of latent attention beside queries, keys and the core's.
  private func latentBlocks(rows: Int) -> BlockTally {
    guard let latent = configuration.latent else { return BlockTally() }
    let s = latent.sizes
    func floats(_ width: Int) -> Int { rows * width * 4 }
    let short = latent.shortQuery.map { [floats($0), floats($0)] } ?? []
    let made = [floats(s.heads * s.query), floats(s.latent), floats(s.latent), floats(s.heads * s.value)]
    return BlockTally(short + made + [4 * Context.headwiseWords(s.heads), 4 * Context.headwiseWords(s.heads)])
      + (latent.shortQuery.map { inputs($0, rows, [.refined]) + scratch($0, [.refined]) } ?? BlockTally())
      + inputs(s.plain, rows * s.heads, [.refined]) + scratch(s.plain, [.refined])
      + inputs(s.latent, rows * s.heads, [.refined]) + scratch(s.latent, [.refined])
      + inputs(s.heads * s.value, rows, [.bytes]) + scratch(s.heads * s.value, [.bytes])
  }

  /// The quantised forms of rows: of each precision one for each that matrices of this width read, one precision after
  /// the other.
  private func inputs(_ width: Int, _ rows: Int, _ precisions: [LinearPrecision]) -> BlockTally {
    forms(width, precisions) {
      PackedMatrix.inputBytes($0, inFeatures: width, rows: rows, precision: $1)
    }.reduce(BlockTally()) { $0.then(BlockTally($1.sorted())) }
  }

  /// The scratch of products with matrices of this width, one after the other.
  private func scratch(_ width: Int, _ precisions: [LinearPrecision]) -> BlockTally {
    forms(width, precisions) {
      threads * PackedMatrix.scratchBytes($0, inFeatures: width, precision: $1)
    }.joined().reduce(BlockTally()) { $0.then(BlockTally([$1])) }
  }

  /// For each precision the different sizes that the types of matrices of a width have.
  private func forms(
    _ width: Int, _ precisions: [LinearPrecision], _ size: (DType, LinearPrecision) -> Int
  ) -> [Set<Int>] {
    let types = Set(matrices.filter { $0.inFeatures == width }.map(\.dtype))
    if options.compute == .f32 { return [Set(types.map { size($0, .exact) })] }
    // Some sets of kernels give 8-bit weights refined inputs everywhere.
    let everywhere = types.contains(where: \.takesWordsFreely) && !precisions.contains(.refined)
    return (precisions + (everywhere ? [.refined] : [])).map { precision in Set(types.map { size($0, precision) }) }
  }

  /// The blocks of the feed-forward layer's width that are in use at once.
  private var hiddenBlocks: Int { if case .plain = configuration.mlp { 2 } else { hasMixedGates ? 3 : 1 } }

  /// Only 8-bit weights may take another form of input than the rest; see ``WeightReader``.
  private var hasMixedGates: Bool {
    let types = matrices.filter { $0.outFeatures == configuration.feedForward }.map(\.dtype)
    return options.compute == .fast && types.contains(where: \.takesWordsFreely)
      && !types.allSatisfy(\.takesWordsFreely)
  }
}
