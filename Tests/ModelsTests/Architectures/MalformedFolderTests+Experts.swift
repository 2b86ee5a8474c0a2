extension MalformedFolderTests {
  /// What models with experts, or with latent attention, say.
  static let experts: [Case] = counts + expertSizes + latent + magnitudes

  private static let counts: [Case] = {
    let keys = [
      ("mixtral", "num_local_experts"), ("qwen2_moe", "num_experts"), ("qwen3_moe", "num_experts"),
      ("olmoe", "num_experts"),
    ]
    return keys.flatMap { name, key -> [Case] in
      // Fewer experts than see a row, or than the router has.
      let few = name == "olmoe" ? "expert_used_count" : "ffn_gate_inp"
      return [
        Case(name, key, "0"), Case(name, key, "-1"), Case(name, key, "\"4\""), Case(name, key, "5000"),
        Case(name, key, "9", names: "experts."),
        Case(name, key, "2", names: few),
        Case(name, "num_experts_per_tok", "0"), Case(name, "num_experts_per_tok", "7", names: "expert_used_count"),
        Case(name, "num_experts_per_tok", "null"), Case(name, "rms_norm_eps", "-1"),
        Case(name, "hidden_act", "\"gelu\""),
      ]
    }
  }()

  private static let expertSizes: [Case] = [
    Case("qwen2_moe", "moe_intermediate_size", "0"), Case("qwen2_moe", "moe_intermediate_size", "17", names: "_exps"),
    Case("qwen2_moe", "shared_expert_intermediate_size", "-1"),
    Case("qwen2_moe", "shared_expert_intermediate_size", "25", names: "_shexp"),
    Case("qwen3_moe", "norm_topk_prob", "1"), Case("qwen3_moe", "moe_intermediate_size", "1e9"),
    Case("olmoe", "clip_qkv", "8.0"), Case("olmoe", "norm_topk_prob", "\"no\""),
    Case("olmoe", "intermediate_size", "17", names: "_exps"),
  ]

  private static let latent: [Case] = ["deepseek_v2", "deepseek_v3"].flatMap { name -> [Case] in
    [
      Case(name, "qk_nope_head_dim", "0"), Case(name, "qk_nope_head_dim", "9", names: "weight"),
      Case(name, "qk_nope_head_dim", "2000"), Case(name, "qk_rope_head_dim", "0"),
      Case(name, "qk_rope_head_dim", "3", names: "head_dim"), Case(name, "v_head_dim", "0"),
      Case(name, "v_head_dim", "13", names: "weight"), Case(name, "v_head_dim", "11", names: "attn_output"),
      Case(name, "kv_lora_rank", "0"), Case(name, "kv_lora_rank", "1024", names: "kv_b_proj"),
      Case(name, "kv_lora_rank", "15", names: "kv_b_proj"), Case(name, "q_lora_rank", "-1"),
      Case(name, "q_lora_rank", "7", names: "attn_q_a"), Case(name, "n_routed_experts", "-1"),
      Case(name, "n_routed_experts", "5000"), Case(name, "n_routed_experts", "12", names: "experts."),
      Case(name, "n_shared_experts", "2", names: "_shexp"), Case(name, "n_shared_experts", "1.5"),
      Case(name, "moe_intermediate_size", "0"), Case(name, "num_experts_per_tok", "5", names: "expert_used_count"),
      Case(name, "n_group", "3", names: "expert_group_count"), Case(name, "n_group", "0"),
      Case(name, "topk_group", "5", names: "expert_group_used_count"), Case(name, "topk_group", "-2"),
      Case(name, "routed_scaling_factor", "0"), Case(name, "routed_scaling_factor", "1e999", names: "out of range"),
      Case(name, "norm_topk_prob", "0"), Case(name, "scoring_func", "\"tanh\""),
      Case(name, "topk_method", "\"random\""), Case(name, "attention_bias", "true"),
      Case(name, "rope_interleave", "false"), Case(name, "first_k_dense_replace", "-1"),
      Case(name, "num_hidden_layers", "3", names: "blk.2"), Case(name, "num_attention_heads", "3", names: "num_"),
    ]
  }

  private static let magnitudes: [Case] = [
    Case("deepseek_v3", "rope_scaling.mscale_all_dim", "-1"), Case("deepseek_v3", "rope_scaling.mscale", "\"1\""),
    Case("deepseek_v3", "rope_scaling.mscale_all_dim", "1e999", names: "out of range"),
    Case("deepseek_v3", "rope_scaling.factor", "0"),
  ]
}
