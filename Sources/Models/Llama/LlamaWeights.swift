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
  let reader: WeightReader
  let configuration: LlamaConfiguration

  /// A norm of the residual stream.
  func norm(_ name: String) throws -> RMSNorm {
    RMSNorm(weight: try reader.vector(name, configuration.width), epsilon: configuration.epsilon)
  }

  /// The embedding's rows and the output head, which are one where the file has no head of its own.
  func embeddingAndHead(vocabularySize: Int) throws -> (PackedLinear, PackedLinear) {
    func matrix(_ name: String) throws -> PackedLinear {
      try reader.linear(name, out: vocabularySize, in: configuration.width, precision: .refined)
    }
    let rows = try matrix("token_embd.weight")
    return (rows, reader.checkpoint.tensorIfPresent("output.weight") == nil ? rows : try matrix("output.weight"))
  }

  func block(_ index: Int, positions: RotaryEmbedding, core: any AttentionCore, cache: KeyValueLayout) throws
    -> DecoderBlock
  {
    let c = configuration
    let prefix = "blk.\(index)."
    let attention = SelfAttention(
      query: try reader.linear(prefix + "attn_q.weight", out: c.heads * c.headDim, in: c.width, precision: .refined),
      key: try reader.linear(prefix + "attn_k.weight", out: c.kvHeads * c.headDim, in: c.width, precision: .refined),
      value: try reader.linear(prefix + "attn_v.weight", out: c.kvHeads * c.headDim, in: c.width, precision: .refined),
      output: try reader.linear(prefix + "attn_output.weight", out: c.width, in: c.heads * c.headDim),
      positions: positions, core: core,
      makeCache: { (capacity, context) throws(MixerError) in
        try KeyValueCache(cache, capacity: capacity, allocator: context.allocator)
      })
    return DecoderBlock(
      mixerNorm: try norm(prefix + "attn_norm.weight"), mixer: attention,
      mlpNorm: try norm(prefix + "ffn_norm.weight"),
      mlp: GatedMLP(
        gate: try reader.linear(prefix + "ffn_gate.weight", out: c.feedForward, in: c.width),
        up: try reader.linear(prefix + "ffn_up.weight", out: c.feedForward, in: c.width),
        down: try reader.linear(
          prefix + "ffn_down.weight", out: c.width, in: c.feedForward,
          precision: index < (c.layers + 9) / 10 ? .refined : .bytes)))
  }
}
