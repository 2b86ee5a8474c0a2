import Formats
import Layers
import Mixers
import Numerics
import Tensors

/// Where a Llama file keeps what: the one place that knows its tensor names and oddities.
///
/// llama.cpp's converter stores q and k so that rotation turns neighbouring pairs, which is what ``RotaryEmbedding`` does.
/// A file without `output.weight` ties the output head to the embedding.
///
/// In the fast mode q, k, v, the head and the first layers' down projections, whose inputs have a few huge values (Sun et
/// al., Massive activations in large language models, 2024), take refined inputs. Eight bits alone cost SmolLM2 Q4_1 a mean
/// KL of 0.0049 from exact arithmetic and 0.5 % of perplexity; with these refined it is 0.0024 and 0.16 %, for a seventh
/// more work.
struct LlamaWeights {
  let file: GGUFFile
  let storage: Storage
  let configuration: LlamaConfiguration
  let compute: ComputeMode
  let context: Context

  private static let matrixTypes = Set(DType.allCases.filter { $0.isBlockQuantized }).union([.f32, .f16, .bf16])

  /// A tensor of the file as it lies there.
  ///
  /// - Throws: ``/Formats/FormatError`` when it is missing or has another shape or type; ``ModelError`` when its rows are no
  ///   whole blocks.
  func tensor(_ name: String, _ shape: Shape, _ types: Set<DType> = matrixTypes) throws -> Tensor {
    let info = try file.tensor(name, shape: shape, dtypes: types)
    do {
      return try Tensor(storage: storage, dtype: info.dtype, shape: shape, byteOffset: info.byteRange.lowerBound)
    } catch {
      throw ModelError.tensorMismatch(
        name: name, expected: "\(shape) of whole, aligned blocks", found: "\(info.dtype.displayName): \(error)")
    }
  }

  /// A weight matrix [out, in], packed for the kernels; `precision` is the fast mode's.
  func linear(
    _ name: String, out: Int, in width: Int, precision: LinearPrecision = .bytes
  ) throws -> PackedLinear {
    let rows = try tensor(name, [out, width])
    // Where 16-bit activations cost 8-bit weights nothing they are taken.
    let isFree = rows.dtype.takesWords && !context.kernelSet.hasByteProducts
    return PackedLinear(
      try PackedMatrix(packing: rows, context: context, releasingSource: true),
      precision: compute == .f32 ? .exact : isFree ? .refined : precision)
  }

  /// A norm of the residual stream; its weights are copied out of the file.
  func norm(_ name: String) throws -> RMSNorm {
    let inFile = try tensor(name, [configuration.width], [.f32])
    let values = UnsafeBufferPointer(start: inFile.pointer(as: Float.self), count: inFile.count)
    return RMSNorm(weight: context.tensor(Array(values)), epsilon: configuration.epsilon)
  }

  func block(_ index: Int, positions: RotaryEmbedding, core: any AttentionCore, cache: KeyValueLayout) throws
    -> DecoderBlock
  {
    let c = configuration
    let prefix = "blk.\(index)."
    let attention = SelfAttention(
      query: try linear(prefix + "attn_q.weight", out: c.heads * c.headDim, in: c.width, precision: .refined),
      key: try linear(prefix + "attn_k.weight", out: c.kvHeads * c.headDim, in: c.width, precision: .refined),
      value: try linear(prefix + "attn_v.weight", out: c.kvHeads * c.headDim, in: c.width, precision: .refined),
      output: try linear(prefix + "attn_output.weight", out: c.width, in: c.heads * c.headDim),
      positions: positions, core: core,
      makeCache: { (capacity, context) throws(MixerError) in
        try KeyValueCache(cache, capacity: capacity, allocator: context.allocator)
      })
    return DecoderBlock(
      mixerNorm: try norm(prefix + "attn_norm.weight"), mixer: attention,
      mlpNorm: try norm(prefix + "ffn_norm.weight"),
      mlp: GatedMLP(
        gate: try linear(prefix + "ffn_gate.weight", out: c.feedForward, in: c.width),
        up: try linear(prefix + "ffn_up.weight", out: c.feedForward, in: c.width),
        down: try linear(
          prefix + "ffn_down.weight", out: c.width, in: c.feedForward,
          precision: index < (c.layers + 9) / 10 ? .refined : .bytes)))
  }
}
