import Console
import Formats
import Planner
import Profiling
import Venturi

/// A model as a user names it: one of the catalogue, a Hugging Face `config.json`, a model's file or folder, or a pulled one.
enum ModelArgument {
  /// The sizes of the model that `name` is.
  ///
  /// - Throws: `PlannerError`; `CommandFailure`; what reading a file throws.
  static func shape(_ name: String) throws -> TransformerShape {
    if name.hasSuffix(".json") { return try configuration(name) }
    if !name.contains("/"), !name.hasSuffix(".gguf") {
      do { return try ModelCatalogue.published.entry(name).shape } catch {
        // A pulled model may have a name of its own.
        guard let path = try? ModelAccess.path(of: name) else { throw error }
        return try file(path)
      }
    }
    return try file(ModelAccess.path(of: name))
  }

  /// The sizes that a Hugging Face configuration says.
  private static func configuration(_ path: String) throws -> TransformerShape {
    let json = try JSON(parsing: try readWholeFile(path))
    func whole(_ names: [String]) -> Int? { names.lazy.compactMap { json[$0]?.int }.first }
    func required(_ names: [String]) throws -> Int {
      guard let value = whole(names) else {
        throw PlannerError.invalid(field: "\(path): \(names[0])", problem: "there is no whole number")
      }
      return value
    }
    let width = try required(["hidden_size", "n_embd", "d_model"])
    let heads = try required(["num_attention_heads", "n_head"])
    guard heads > 0, width > 0 else {
      throw PlannerError.invalid(field: "\(path): hidden_size", problem: "\(width) over \(heads) heads")
    }
    let isGPT = json["n_embd"] != nil
    let experts = try experts(json, layers: try required(["num_hidden_layers", "n_layer"]))
    return try TransformerShape(
      name: json["_name_or_path"]?.text ?? path, layers: try required(["num_hidden_layers", "n_layer"]), width: width,
      heads: heads, kvHeads: whole(["num_key_value_heads"]) ?? heads, headDim: whole(["head_dim"]) ?? width / heads,
      feedForward: whole(["intermediate_size", "n_inner"]) ?? 4 * width, gated: !isGPT,
      vocabulary: try required(["vocab_size"]), tied: (json["tie_word_embeddings"] ?? .bool(isGPT)) == .bool(true),
      biased: isGPT,
      positions: isGPT ? .learned(try required(["n_positions"])) : .rotary, experts: experts, latent: try latent(json))
  }

  /// The experts that a configuration says, in the words of Mixtral, Qwen or DeepSeek.
  private static func experts(_ json: JSON, layers: Int) throws -> ExpertLayers? {
    func whole(_ names: [String]) -> Int? { names.lazy.compactMap { json[$0]?.int }.first }
    guard let routed = whole(["n_routed_experts", "num_local_experts", "num_experts"]), routed > 0 else { return nil }
    return try ExpertLayers(
      routed: routed, active: whole(["num_experts_per_tok"]) ?? 0, shared: whole(["n_shared_experts"]) ?? 0,
      feedForward: whole(["moe_intermediate_size", "intermediate_size"]) ?? 0,
      denseLayers: whole(["first_k_dense_replace"]) ?? 0, hasRouterBias: json["topk_method"]?.text == "noaux_tc")
  }

  /// The latent state that a configuration says, in the words of DeepSeek.
  private static func latent(_ json: JSON) throws -> LatentState? {
    guard let rank = json["kv_lora_rank"]?.int else { return nil }
    func whole(_ name: String) -> Int { json[name]?.int ?? 0 }
    return try LatentState(
      queryRank: whole("q_lora_rank"), rank: rank, rotated: whole("qk_rope_head_dim"), plain: whole("qk_nope_head_dim"),
      value: whole("v_head_dim"))
  }

  /// The sizes that a model's file says.
  private static func file(_ path: String) throws -> TransformerShape {
    let checkpoint = try Checkpoint(path: path)
    return try checkpoint.reading {
      let architecture = try checkpoint.string("general.architecture")
      func whole(_ key: String, _ range: ClosedRange<Int>) throws -> Int {
        try checkpoint.uint("\(architecture).\(key)", in: range)
      }
      let width = try whole("embedding_length", 1...1 << 20)
      let heads = try whole("attention.head_count", 1...1 << 16)
      let names = Set(checkpoint.tensors.map(\.name))
      guard let embedding = checkpoint.tensorIfPresent("token_embd.weight"), embedding.shape.rank == 2 else {
        throw PlannerError.invalid(field: path, problem: "no embedding of tokens, so it is no decoder that is known")
      }
      let learned = checkpoint.tensorIfPresent("position_embd.weight")
      return try TransformerShape(
        name: try checkpoint.stringIfPresent("general.name") ?? path, layers: try whole("block_count", 1...1 << 16),
        width: width, heads: heads,
        kvHeads: try checkpoint.uintIfPresent("\(architecture).attention.head_count_kv", in: 1...1 << 16) ?? heads,
        headDim: try checkpoint.uintIfPresent("\(architecture).attention.key_length", in: 1...1 << 16)
          ?? max(1, width / heads),
        feedForward: try whole("feed_forward_length", 1...1 << 20), gated: names.contains("blk.0.ffn_gate.weight"),
        vocabulary: embedding.shape[0], tied: !names.contains("output.weight"),
        biased: names.contains("blk.0.attn_norm.bias"),
        positions: learned.map { .learned($0.shape[0]) } ?? .rotary)
    }
  }
}
