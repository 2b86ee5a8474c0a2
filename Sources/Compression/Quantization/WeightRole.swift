/// What a weight does in its model, as far as recipes tell weights apart.
enum WeightRole {
  case embedding, output, query, key, value, combined, attentionOutput, down, up, gate, other

  /// The role of a tensor by its name in GGUF's words.
  init(_ name: String) {
    switch name {
    case "output.weight": self = .output
    case "token_embd.weight", "per_layer_token_embd.weight": self = .embedding
    default:
      let parts: [(String, WeightRole)] = [
        ("attn_qkv.weight", .combined), ("attn_kv_b.weight", .value), ("attn_v.weight", .value),
        ("attn_k.weight", .key), ("attn_q.weight", .query), ("attn_output.weight", .attentionOutput), ("ffn_up", .up),
        ("ffn_gate", .gate), ("ffn_down", .down),
      ]
      self = parts.first { name.contains($0.0) }?.1 ?? .other
    }
  }

  /// Whether it makes values, alone or with queries and keys.
  var makesValues: Bool { self == .value || self == .combined }

  /// The number of the layer in `blk.N.`; nothing outside of layers.
  static func layer(_ name: String) -> Int? {
    guard name.hasPrefix("blk.") else { return nil }
    return Int(name.dropFirst(4).prefix { $0 != "." })
  }

  /// Whether a tensor stays as it is in every recipe: vectors, norms, and small tables that products do not go through.
  static func isKept(_ name: String, extents: [Int]) -> Bool {
    let rank = extents.count - extents.prefix { $0 == 1 }.count
    if rank < 2 || !name.hasSuffix("weight") { return true }
    if name == "position_embd.weight" || name == "token_types.weight" { return true }
    return keptParts.contains { name.contains($0) }
  }

  private static let keptParts = [
    "_norm.weight", "ffn_gate_inp.weight", "altup", "laurel", "per_layer_model_proj", "ssm_conv1d",
    "shortconv.conv.weight", "time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight",
    "time_mix_v0.weight", "time_mix_v1.weight", "time_mix_v2.weight", "time_mix_a0.weight", "time_mix_a1.weight",
    "time_mix_a2.weight", "time_mix_g1.weight", "time_mix_g2.weight", "time_mix_decay_w1.weight",
    "time_mix_decay_w2.weight", "time_mix_lerp_fused.weight", "attn_rel_b.weight", ".position_embd", ".patch_embd",
  ]
}
