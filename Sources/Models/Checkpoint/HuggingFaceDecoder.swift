import Formats
import Layers
import NumericTypes

/// What a decoder's `config.json` says under names that most architectures share.
struct HuggingFaceDecoder {
  /// The configuration, or the part of it that is about text.
  let config: HuggingFaceConfiguration
  /// GGUF's name of the architecture.
  let architecture: String
  let layers: Int
  let width: Int
  let heads: Int
  let kvHeads: Int
  let headDim: Int
  let contextLength: Int

  /// Reads the sizes; `headDim` where the file does not say it and it is not width ÷ heads.
  ///
  /// - Throws: ``/Formats/FormatError`` naming the key.
  init(_ config: HuggingFaceConfiguration, architecture: String, headDim: Int? = nil) throws {
    self.config = config
    self.architecture = architecture
    layers = try config.int("num_hidden_layers", in: 1...1024)
    heads = try config.int("num_attention_heads", in: 1...1024)
    kvHeads = try config.intIfPresent("num_key_value_heads", in: 1...1024) ?? heads
    width = try config.int("hidden_size", in: 1...1 << 17)
    guard heads.isMultiple(of: kvHeads) else { throw config.invalid("num_key_value_heads", "a divisor of \(heads)") }
    if let own = try config.intIfPresent("head_dim", in: 1...1024) ?? headDim {
      self.headDim = own
    } else {
      guard width.isMultiple(of: heads), width / heads <= 1024 else {
        throw config.invalid("num_attention_heads", "a divisor of the width \(width), with heads of at most 1024")
      }
      self.headDim = width / heads
    }
    contextLength = try config.int("max_position_embeddings", in: 1...1 << 24)
  }

  /// A translation with the sizes in it, for weights of so many experts.
  func translation(experts: Int = 0) throws -> HuggingFaceTranslation {
    var result = HuggingFaceTranslation(architecture: architecture, layers: layers, experts: experts)
    result.set(key("block_count"), layers)
    result.set(key("embedding_length"), width)
    result.set(key("attention.head_count"), heads)
    result.set(key("attention.head_count_kv"), kvHeads)
    result.set(key("attention.key_length"), headDim)
    result.set(key("attention.value_length"), headDim)
    result.set(key("feed_forward_length"), try config.int("intermediate_size", in: 1...1 << 20))
    result.set(key("context_length"), contextLength)
    return result
  }

  /// GGUF's key.
  func key(_ rest: String) -> String { "\(architecture).\(rest)" }

  /// Sets ε of the norms.
  func setEpsilon(_ name: String, layerNorm: Bool = false, _ result: inout HuggingFaceTranslation) throws {
    result.set(
      key(layerNorm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"),
      try config.double(name, in: 0...1))
  }

  /// The activation's name under one of `keys`, which must be one of `known`.
  func activation(_ keys: [String], known: [String], otherwise: String) throws -> String {
    guard let name = keys.first(where: { config[$0] != nil }) else { return otherwise }
    let found = try config.string(name)
    guard known.contains(found) else { throw config.invalid(name, known.joined(separator: " or ")) }
    return found
  }

  /// Sets the window of the layers that have one: all of them, or those that `layer_types` names.
  func setWindow(_ result: inout HuggingFaceTranslation, otherwise: [Bool]? = nil) throws {
    guard let window = try config.intIfPresent("sliding_window", in: 1...Int(Int32.max)) else { return }
    result.set(key("attention.sliding_window"), window)
    var pattern = otherwise
    if let types = try config.listIfPresent("layer_types") {
      guard types.count == layers else { throw config.invalid("layer_types", "\(layers) names") }
      pattern = try types.map { type in
        guard let text = type.text, ["full_attention", "sliding_attention"].contains(text) else {
          throw config.invalid("layer_types", "full_attention or sliding_attention")
        }
        return text == "sliding_attention"
      }
    }
    if let pattern {
      result.set(key("attention.sliding_window_pattern"), .array(GGUFArray(pattern)))
    }
  }

  /// Sets the window of Qwen's files, which say one without using it; where it is used, the first `max_window_layers` see
  /// everything.
  func setWindowOfLaterLayers(_ result: inout HuggingFaceTranslation) throws {
    guard try config.boolIfPresent("use_sliding_window") == true else { return }
    let first = try config.intIfPresent("max_window_layers", in: 0...1 << 20) ?? layers
    try setWindow(&result, otherwise: (0..<layers).map { $0 >= first })
  }

  /// Maps the weights that most decoders call alike; `block` stands before a layer's names.
  func mapWeights(_ result: inout HuggingFaceTranslation, root: String = "model.", tied: Bool) throws {
    result.map(root + "embed_tokens.weight", to: "token_embd.weight")
    result.map(root + "norm.weight", to: "output_norm.weight")
    if try config.boolIfPresent("tie_word_embeddings") ?? tied == false {
      result.map("lm_head.weight", to: "output.weight")
    }
    let block = root + "layers.{n}."
    result.map(block + "input_layernorm.weight", to: "blk.{n}.attn_norm.weight")
    result.map(block + "post_attention_layernorm.weight", to: "blk.{n}.ffn_norm.weight")
    for (source, name) in [
      ("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"), ("mlp.gate_proj", "ffn_gate"),
      ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
    ] {
      for part in ["weight", "bias"] { result.map("\(block)\(source).\(part)", to: "blk.{n}.\(name).\(part)") }
    }
  }

  /// Maps queries and keys, their rows in the order in which neighbours turn where GGUF has them so.
  func mapQueriesAndKeys(_ result: inout HuggingFaceTranslation, root: String = "model.", neighbours: Bool) {
    for (source, name, count) in [("q_proj", "attn_q", heads), ("k_proj", "attn_k", kvHeads)] {
      for part in ["weight", "bias"] {
        let (from, to) = ("\(root)layers.{n}.self_attn.\(source).\(part)", "blk.{n}.\(name).\(part)")
        if neighbours {
          result.map(from, to: to, .rotaryPairs(heads: count, headDim: headDim))
        } else {
          result.map(from, to: to)
        }
      }
    }
  }
}
