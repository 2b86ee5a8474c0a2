// DeepSeek-AI: DeepSeek-V2: A strong, economical, and efficient mixture-of-experts language model, 2024
// (https://arxiv.org/abs/2405.04434); DeepSeek-V3 technical report, 2024 (https://arxiv.org/abs/2412.19437).

import Formats
import Layers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Architecture {
  /// DeepSeek-V2 and V3: attention over a latent, and experts beside a layer that all rows pass. V3 scores its experts one
  /// by one, with a bias for choosing.
  static let deepSeek = Architecture.decoder(
    name: "deepseek2", huggingFaceTypes: ["deepseek_v2", "deepseek_v3"],
    configuration: { file, options in
      // The core's head is the latent with the rotated part, which is what `key_length` says.
      var result = try DecoderConfiguration(
        file, options: options, pairing: .neighbours, normalizesExperts: false, hasLatent: true)
      let latent = try DecoderConfiguration.Latent(
        file, result.architecture, heads: result.heads, rotated: result.rotations[0].rotated)
      result.latent = latent
      (result.kvHeads, result.headDim) = (1, latent.sizes.key)
      // With a multiplier the cosines and sines stay as they are, and scores grow by the square of what it says.
      var scale = 1 / Double(latent.sizes.query).squareRoot()
      let key = result.architecture + ".rope.scaling."
      if try file.stringIfPresent(key + "type") == "yarn" {
        let factor = Double(try file.floatIfPresent(key + "factor", in: 1e-6...1e6) ?? 1)
        let multiplier = Double(try file.floatIfPresent(key + "yarn_log_multiplier", in: 0...1e3) ?? 0)
        if multiplier > 0 {
          let magnitude = RotaryScaling.yarnMagnitude(factor: factor)
          result.rotations[0].scaling = result.rotations[0].scaling.magnified(by: 1 / magnitude)
          let growth = factor > 1 ? multiplier * log(factor) + 1 : 1
          scale *= growth * growth
        }
      }
      result.scoreScale = Float(scale)
      return result
    },
    translate: DeepSeekFolder.translation)
}

/// How Hugging Face's folders say what GGUF files of DeepSeek-V2 and V3 say.
enum DeepSeekFolder {
  static func translation(_ folder: HuggingFaceFolder) throws -> HuggingFaceTranslation {
    let config = folder.configuration
    let sizes = 1...1024
    let (plain, turning) = (
      try config.int("qk_nope_head_dim", in: sizes), try config.int("qk_rope_head_dim", in: sizes)
    )
    let (value, latent) = (try config.int("v_head_dim", in: sizes), try config.int("kv_lora_rank", in: sizes))
    let decoder = try HuggingFaceDecoder(config, architecture: "deepseek2", headDim: plain + turning)
    let experts = try config.intIfPresent("n_routed_experts", in: 0...4096) ?? 0
    var result = try decoder.translation(experts: experts)
    try decoder.setEpsilon("rms_norm_eps", &result)
    try decoder.setRotation(&result, rotated: turning)
    try setScale(decoder, &result)
    _ = try decoder.activation(["hidden_act"], known: ["silu"], otherwise: "silu")
    guard try config.boolIfPresent("attention_bias") != true else { throw config.invalid("attention_bias", "false") }
    guard try config.boolIfPresent("rope_interleave") != false else { throw config.invalid("rope_interleave", "true") }
    func key(_ rest: String) -> String { decoder.key(rest) }
    result.set(key("attention.head_count_kv"), 1)
    result.set(key("attention.key_length"), latent + turning)
    result.set(key("attention.value_length"), latent)
    result.set(key("attention.kv_lora_rank"), latent)
    result.set(key("attention.key_length_mla"), plain + turning)
    result.set(key("attention.value_length_mla"), value)
    if let short = try config.intIfPresent("q_lora_rank", in: 1...1 << 16) {
      result.set(key("attention.q_lora_rank"), short)
    }
    try decoder.mapWeights(&result, tied: false)
    mapAttention(heads: decoder.heads, plain: plain, value: value, latent: latent, &result)
    if experts > 0 { try setExperts(decoder, &result) }
    return result
  }

  /// YaRN's magnitudes: one for cosines and sines, the other for scores.
  private static func setScale(_ decoder: HuggingFaceDecoder, _ result: inout HuggingFaceTranslation) throws {
    let parameters = try decoder.config.objectIfPresent("rope_parameters")
    guard let scaling = try parameters ?? decoder.config.objectIfPresent("rope_scaling"),
      try scaling.stringIfPresent(scaling["rope_type"] == nil ? "type" : "rope_type") == "yarn"
    else { return }
    let all = try scaling.doubleIfPresent("mscale_all_dim", in: 0...1e3) ?? 0
    guard all > 0 else { return }
    let own = try scaling.doubleIfPresent("mscale", in: 0...1e3) ?? all
    let factor = try scaling.double("factor", in: 1e-6...1e6)
    func magnitude(_ scale: Double) -> Double { factor > 1 ? 0.1 * scale * log(factor) + 1 : 1 }
    result.set(decoder.key("rope.scaling.yarn_log_multiplier"), 0.1 * all)
    if try scaling.doubleIfPresent("attention_factor", in: 1e-6...1e6) == nil {
      result.set(decoder.key("rope.scaling.attn_factor"), magnitude(own) / magnitude(all))
    }
  }

  private static func mapAttention(
    heads: Int, plain: Int, value: Int, latent: Int, _ result: inout HuggingFaceTranslation
  ) {
    let attention = "model.layers.{n}.self_attn."
    for (source, name) in [
      ("q_proj", "attn_q"), ("q_a_proj", "attn_q_a"), ("q_a_layernorm", "attn_q_a_norm"), ("q_b_proj", "attn_q_b"),
      ("kv_a_proj_with_mqa", "attn_kv_a_mqa"), ("kv_a_layernorm", "attn_kv_a_norm"),
    ] {
      result.map(attention + source + ".weight", to: "blk.{n}.\(name).weight")
    }
    // One matrix holds what makes keys and values of a head, one after the other.
    let both = plain + value
    func rows(_ range: Range<Int>) -> [Int] { (0..<heads).flatMap { head in range.map { head * both + $0 } } }
    let source = attention + "kv_b_proj.weight"
    result.map(
      source, to: "blk.{n}.attn_k_b.weight", .rows(rows(0..<plain)),
      .reshaped { _ in [heads, plain, latent] }, .transposed)
    result.map(
      source, to: "blk.{n}.attn_v_b.weight", .rows(rows(plain..<both)), .reshaped { _ in [heads, value, latent] })
  }

  private static func setExperts(_ decoder: HuggingFaceDecoder, _ result: inout HuggingFaceTranslation) throws {
    let config = decoder.config
    func key(_ rest: String) -> String { decoder.key(rest) }
    try decoder.setExperts(&result)
    result.set(key("expert_feed_forward_length"), try config.int("moe_intermediate_size", in: 1...1 << 20))
    result.set(key("expert_shared_count"), try config.intIfPresent("n_shared_experts", in: 0...64) ?? 0)
    result.set(
      key("leading_dense_block_count"), try config.intIfPresent("first_k_dense_replace", in: 0...1024) ?? 0)
    result.set(key("expert_weights_scale"), try config.doubleIfPresent("routed_scaling_factor", in: 1e-6...1e6) ?? 1)
    result.set(key("expert_weights_norm"), .bool(try config.boolIfPresent("norm_topk_prob") ?? false))
    let isThird = try config.string("model_type") == "deepseek_v3"
    let scoring = try config.stringIfPresent("scoring_func") ?? (isThird ? "sigmoid" : "softmax")
    guard ["softmax", "sigmoid"].contains(scoring) else { throw config.invalid("scoring_func", "softmax or sigmoid") }
    result.set(key("expert_gating_func"), scoring == "sigmoid" ? 2 : 1)
    let method = try config.stringIfPresent("topk_method") ?? (isThird ? "noaux_tc" : "greedy")
    guard ["greedy", "group_limited_greedy", "noaux_tc"].contains(method) else {
      throw config.invalid("topk_method", "greedy, group_limited_greedy or noaux_tc")
    }
    if method != "greedy" {
      result.set(key("expert_group_count"), try config.intIfPresent("n_group", in: 1...4096) ?? 1)
      result.set(key("expert_group_used_count"), try config.intIfPresent("topk_group", in: 1...4096) ?? 1)
    }
    decoder.mapExperts(&result, router: "mlp.gate", experts: "mlp.experts")
    decoder.mapShared(&result, "mlp.shared_experts")
    result.map("model.layers.{n}.mlp.gate.e_score_correction_bias", to: "blk.{n}.exp_probs_b.bias")
  }
}
