import Formats
import Layers
import Mixers
import Numerics
import Tensors

/// The sizes of a Llama as its file and the options say, checked, and the memory that follows from them.
struct LlamaSizes {
  let configuration: LlamaConfiguration
  let vocabularySize: Int
  let contextLength: Int
  let cache: KeyValueLayout
  let core: DenseAttention
  private let options: LoadOptions
  private let threads: Int
  private let matrices: [(dtype: DType, outFeatures: Int, inFeatures: Int)]
  private let norms: Int

  /// - Throws: ``/Formats/FormatError``, ``ModelError`` or ``/Layers/MixerError``, naming the key or tensor.
  init(_ file: Checkpoint, options: LoadOptions, threads: Int) throws {
    configuration = try LlamaConfiguration(file)
    let embedding = try file.tensor("token_embd.weight").shape
    guard embedding.rank == 2, embedding[0] > 0 else {
      throw ModelError.tensorMismatch(
        name: "token_embd.weight", expected: "[vocabulary, width], not empty", found: "\(embedding)")
    }
    vocabularySize = embedding[0]
    contextLength = min(options.contextLength ?? configuration.contextLength, configuration.contextLength)
    cache = try KeyValueLayout(
      layers: configuration.layers, kvHeads: configuration.kvHeads, headDim: configuration.headDim,
      dtype: options.compute == .f32 ? .f32 : .f16)
    core = try DenseAttention(
      heads: configuration.heads, kvHeads: configuration.kvHeads, headDim: configuration.headDim)
    self.options = options
    self.threads = threads
    // In the order of packing: blocks, embedding, output.
    let isBlock = { (tensor: CheckpointTensor) in tensor.name.hasPrefix("blk.") }
    matrices = (file.tensors.filter(isBlock) + file.tensors.filter { !isBlock($0) })
      .filter { $0.shape.rank == 2 }
      .map { ($0.dtype, outFeatures: $0.shape[0], inFeatures: $0.shape[1]) }
    norms = file.tensors.filter { $0.shape.rank == 1 }.count
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
        .addingClamped(norms * Allocator.sizeClass(configuration.width * 4)),
      perToken: cache.pageBytes / KeyValueLayout.pageTokens,
      fullSequence: pages.multipliedClamped(by: page)
        .addingClamped(pages * KeyValueLayout.pageTokens * configuration.rotated * 4),
      step: step(rows: rows, logits: min(max(1, options.logitRows), rows), grows: false).bytes,
      capturedSteps: captured.reduce(0) { $0 + step(rows: $1.0, logits: $1.1, grows: true).bytes })
  }

  /// The blocks of one step; `grows` where attention's tables are kept and grow with the sequence.
  private func step(rows: Int, logits: Int, grows: Bool) -> BlockTally {
    let c = configuration
    let (queries, keys) = (c.heads * c.headDim, c.kvHeads * c.headDim)
    func floats(_ width: Int, _ rows: Int) -> Int { rows * width * 4 }
    let attention = core.workspaceBytes(rows: rows, contextLength: contextLength, threads: threads, grows: grows)
    let kept = BlockTally([floats(c.width, rows)]) + BlockTally(attention)
    // As ``LlamaWeights`` has it: queries, keys, values, the head and some down projections take refined inputs.
    let refined = inputs(c.width, rows, [.refined])
    let normed = BlockTally([floats(c.width, rows)])
    let projected = BlockTally([floats(queries, rows), floats(keys, rows), floats(keys, rows)])
    // Gate and up are computed apart where their types take their input in different ways.
    let gated = BlockTally([Int](repeating: floats(c.feedForward, rows), count: hasMixedGates ? 3 : 1))
    let stages = [
      BlockTally([threads * floats(c.width, 16)]),
      normed + refined + projected + scratch(c.width, [.refined]),
      normed + projected + BlockTally([floats(queries, rows)]) + inputs(queries, rows, [.bytes])
        + scratch(queries, [.bytes]),
      normed + inputs(c.width, rows, [.bytes]) + gated + scratch(c.width, [.bytes]),
      normed + inputs(c.width, rows, [.bytes]) + gated + inputs(c.feedForward, rows, [.bytes, .refined])
        + scratch(c.feedForward, [.bytes, .refined]),
      BlockTally([floats(c.width, logits), floats(c.width, logits), floats(vocabularySize, logits)])
        + inputs(c.width, logits, [.refined]) + scratch(c.width, [.refined]),
    ]
    return kept + stages.reduce(BlockTally()) { $0.then($1) }
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
    // Some sets of kernels give Q8_0 refined inputs everywhere.
    let everywhere = types.contains(.q8_0) && !precisions.contains(.refined) ? [LinearPrecision.refined] : []
    return (precisions + everywhere).map { precision in Set(types.map { size($0, precision) }) }
  }

  /// Only Q8_0 may take another form of input than the rest; see ``LlamaWeights``.
  private var hasMixedGates: Bool {
    let types = matrices.filter { $0.outFeatures == configuration.feedForward }.map(\.dtype)
    return options.compute == .fast && types.contains(.q8_0) && types.contains { $0 != .q8_0 }
  }
}
