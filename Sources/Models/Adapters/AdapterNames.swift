import Formats
import Layers

/// Hugging Face's names of a decoder's modules in GGUF's words, for adapters.
struct AdapterNames {
  let configuration: DecoderConfiguration

  /// What comes before the layers in names of modules.
  private static let roots: Set<String> = [
    "model", "transformer", "gpt_neox", "model.language_model", "language_model.model",
  ]
  private static let modules = [
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.qkv_proj": "attn_qkv", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.gate_up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    "attention.query_key_value": "attn_qkv", "attention.dense": "attn_output", "mlp.dense_h_to_4h": "ffn_up",
    "mlp.dense_4h_to_h": "ffn_down",
  ]

  /// The adapter with GGUF's names and order of rows; itself when it has them.
  ///
  /// - Throws: ``ModelError/adapter(target:problem:)`` for a module that is none of the model's; ``/Formats/FormatError``.
  func translated(_ adapter: LowRankAdapter) throws -> LowRankAdapter {
    var result = adapter
    if adapter.naming == .huggingFace {
      result = try LowRankAdapter(
        naming: .gguf,
        targets: adapter.targets.map { target in
          let (name, order) = try place(of: target)
          guard let order else { return try target.named(name) }
          guard order.count == target.outFeatures else {
            throw ModelError.adapter(
              target: target.name, problem: "\(target.outFeatures) outputs where the model has \(order.count)")
          }
          return try target.named(name, rows: order)
        }, isRankStabilized: adapter.isRankStabilized, baseName: adapter.baseName, baseHash: adapter.baseHash)
    } else if let architecture = adapter.architecture, architecture != configuration.architecture {
      throw ModelError.adapter(
        target: "general.architecture",
        problem: "the adapter is for '\(architecture)', the model is '\(configuration.architecture)'")
    }
    result.architecture = configuration.architecture
    return result
  }

  /// GGUF's name of a module, and the order of its output rows there where it is another.
  private func place(of target: LowRankAdapter.Target) throws(ModelError) -> (name: String, order: [Int]?) {
    if target.name == "lm_head" || target.name == "embed_out" { return ("output", nil) }
    let parts = target.name.split(separator: ".")
    guard let index = parts.firstIndex(where: { $0 == "layers" || $0 == "h" }), index + 1 < parts.count,
      Self.roots.contains(parts[..<index].joined(separator: ".")), let layer = Int(parts[index + 1]),
      let name = Self.modules[parts[(index + 2)...].joined(separator: ".")]
    else {
      throw .adapter(
        target: target.name, problem: "no such weight matrix in a model of '\(configuration.architecture)'")
    }
    return ("blk.\(layer).\(name)", order(parts[parts.count - 1]))
  }

  private func order(_ module: Substring) -> [Int]? {
    let c = configuration
    switch module {
    case "q_proj", "k_proj":
      // Where GGUF files turn neighbours, folders turn halves.
      guard c.latent == nil, c.rotations.first?.pairing == .neighbours else { return nil }
      let change = WeightChange.rotaryPairs(heads: module == "q_proj" ? c.heads : c.kvHeads, headDim: c.headDim)
      if case .rows(let order) = change { return order }
      return nil
    case "query_key_value":
      // There q, k and v of a head lie one behind the other, in GGUF files all of q come first.
      return (0..<3).flatMap { part in
        (0..<c.heads).flatMap { head in (0..<c.headDim).map { (head * 3 + part) * c.headDim + $0 } }
      }
    default: return nil
    }
  }
}

extension LowRankAdapter.Target {
  /// The same change under another name, of the matrix whose output rows lie in another order.
  func named(_ name: String, rows: [Int]? = nil) throws(FormatError) -> LowRankAdapter.Target {
    try LowRankAdapter.Target(
      name: name, rank: rank, inFeatures: inFeatures, outFeatures: rows?.count ?? outFeatures, alpha: alpha, a: a,
      b: rows.map { rows in rows.flatMap { b[$0 * rank..<($0 + 1) * rank] } } ?? b, dtype: dtype)
  }
}
