import Formats

/// How Hugging Face's folders of the Llama family say what GGUF files say.
///
/// There q and k turn the halves of a head, in GGUF files of this family neighbours: their rows are put in that order.
enum LlamaFolder {
  static func translation(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    let config = folder.configuration
    let layers = try config.int("num_hidden_layers", in: 1...1024)
    let heads = try config.int("num_attention_heads", in: 1...1024)
    let kvHeads = try config.intIfPresent("num_key_value_heads", in: 1...1024) ?? heads
    let width = try config.int("hidden_size", in: 1...1 << 17)
    let headDim = try config.intIfPresent("head_dim", in: 1...1024) ?? width / heads
    var result = HuggingFaceTranslation(architecture: "llama", layers: layers)
    result.set("llama.block_count", layers)
    result.set("llama.embedding_length", width)
    result.set("llama.attention.head_count", heads)
    result.set("llama.attention.head_count_kv", kvHeads)
    result.set("llama.attention.key_length", headDim)
    result.set("llama.attention.value_length", headDim)
    result.set("llama.rope.dimension_count", headDim)
    result.set("llama.feed_forward_length", try config.int("intermediate_size", in: 1...1 << 20))
    result.set("llama.context_length", try config.int("max_position_embeddings", in: 1...1 << 24))
    result.set("llama.attention.layer_norm_rms_epsilon", try config.double("rms_norm_eps", in: 0...1))
    result.set("llama.rope.freq_base", try config.doubleIfPresent("rope_theta", in: 1...1e12) ?? 10_000)
    if let activation = try config.stringIfPresent("hidden_act"), activation != "silu" {
      throw config.invalid("hidden_act", "silu")
    }
    if let scaling = try config.objectIfPresent("rope_scaling"), scaling["rope_type"]?.text != "default" {
      throw config.invalid("rope_scaling", "no scaling of positions")
    }
    result.map("model.embed_tokens.weight", to: "token_embd.weight")
    result.map("model.norm.weight", to: "output_norm.weight")
    if try config.boolIfPresent("tie_word_embeddings") != true { result.map("lm_head.weight", to: "output.weight") }
    let block = "model.layers.{n}."
    result.map(block + "input_layernorm.weight", to: "blk.{n}.attn_norm.weight")
    result.map(
      block + "self_attn.q_proj.weight", to: "blk.{n}.attn_q.weight", .rotaryPairs(heads: heads, headDim: headDim))
    result.map(
      block + "self_attn.k_proj.weight", to: "blk.{n}.attn_k.weight", .rotaryPairs(heads: kvHeads, headDim: headDim))
    result.map(block + "self_attn.v_proj.weight", to: "blk.{n}.attn_v.weight")
    result.map(block + "self_attn.o_proj.weight", to: "blk.{n}.attn_output.weight")
    result.map(block + "post_attention_layernorm.weight", to: "blk.{n}.ffn_norm.weight")
    result.map(block + "mlp.gate_proj.weight", to: "blk.{n}.ffn_gate.weight")
    result.map(block + "mlp.up_proj.weight", to: "blk.{n}.ffn_up.weight")
    result.map(block + "mlp.down_proj.weight", to: "blk.{n}.ffn_down.weight")
    return result
  }
}
