import Formats
import Foundation
import Models
import Tensors
import Testing
import VenturiTesting

/// Folders whose `config.json` says what cannot be: a typed error names the key, nothing traps.
@Suite struct MalformedFolderTests {
  struct Case: Sendable, CustomStringConvertible {
    let name: String
    /// The key, or object and key with a dot between them.
    let key: String
    /// JSON text.
    let value: String
    /// What the error must hold.
    let names: String

    init(_ name: String, _ key: String, _ value: String, names: String? = nil) {
      self.name = name
      self.key = key
      self.value = value
      self.names = names ?? String(key.split(separator: ".").last ?? "")
    }

    var description: String { "\(name): \(key) = \(value)" }
  }

  private static let sizes: [Case] = ["llama3", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "gpt_neox"]
    .flatMap { name in
      [
        Case(name, "num_attention_heads", "0"), Case(name, "num_attention_heads", "\"4\""),
        Case(name, "num_key_value_heads", "3"), Case(name, "num_key_value_heads", "0"),
        Case(name, "hidden_size", "-32"), Case(name, "hidden_size", "1e99"), Case(name, "hidden_size", "32.5"),
        Case(name, "hidden_size", "64", names: ".weight"), Case(name, "num_hidden_layers", "0"),
        Case(name, "num_hidden_layers", "7", names: "blk."), Case(name, "num_hidden_layers", "99999999"),
        Case(name, "max_position_embeddings", "0"), Case(name, "intermediate_size", "0"),
        Case(name, "intermediate_size", "null"), Case(name, "intermediate_size", "47", names: "ffn_"),
        Case(name, "head_dim", "0"), Case(name, "head_dim", "7"),
      ]
    }

  private static let norms: [Case] =
    ["llama3", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3"].flatMap { name in
      ["-1", "2", "\"small\"", "[]"].map { Case(name, "rms_norm_eps", $0) }
        // The parser refuses what is no number.
        + ["1e999", "NaN"].map { Case(name, "rms_norm_eps", $0, names: "config.json") }
    } + ["3", "-1"].flatMap { [Case("gpt2", "layer_norm_epsilon", $0), Case("gpt_neox", "layer_norm_eps", $0)] }

  private static let rotations: [Case] = [
    Case("llama3", "rope_theta", "0"), Case("llama3", "rope_theta", "1e99"), Case("llama3", "rope_theta", "\"x\""),
    Case("llama3", "rope_scaling", "3"), Case("llama3", "rope_scaling.rope_type", "\"sideways\""),
    Case("llama3", "rope_scaling.rope_type", "7"), Case("llama3", "rope_scaling.factor", "0"),
    Case("llama3", "rope_scaling.factor", "-8"), Case("llama3", "rope_scaling.factor", "null"),
    Case("llama3", "rope_scaling.low_freq_factor", "1e99"), Case("llama3", "rope_scaling.high_freq_factor", "0"),
    Case("llama3", "rope_scaling.original_max_position_embeddings", "0"),
    Case("llama_linear", "rope_scaling.factor", "0"), Case("llama_linear", "rope_scaling.type", "\"LINEAR\""),
    Case("llama_yarn", "rope_scaling.factor", "1e300"), Case("llama_yarn", "rope_scaling.beta_fast", "0"),
    Case("llama_yarn", "rope_theta", "1", names: "rope.scaling.type"),
    Case("llama_yarn", "rope_scaling.original_max_position_embeddings", "-1"),
    Case("llama_yarn", "rope_scaling.truncate", "false"),
    Case("qwen2", "rope_scaling", "{\"type\":\"mrope\"}", names: "type"),
    Case("gemma3", "rope_local_base_freq", "0"), Case("gemma3", "rope_scaling.factor", "0"),
    Case("phi3", "partial_rotary_factor", "0"), Case("phi3", "partial_rotary_factor", "0.13", names: "head_dim"),
    Case("phi3", "partial_rotary_factor", "2"), Case("phi3_longrope", "rope_scaling.long_factor", "[1.0]"),
    Case("phi3_longrope", "rope_scaling.long_factor", "[1.0, 1.0, 1.0, 0.0]"),
    Case("phi3_longrope", "rope_scaling.long_factor", "[1.0, 1.0, 1.0, \"x\"]"),
    Case("phi3_longrope", "rope_scaling.short_factor", "{}"),
    Case("phi3_longrope", "rope_scaling.short_factor", "null"),
    Case("phi3_longrope", "original_max_position_embeddings", "0"), Case("gpt_neox", "rotary_pct", "0"),
    Case("gpt_neox", "rotary_pct", "1.5"), Case("gpt_neox", "rotary_emb_base", "0"),
  ]

  private static let rest: [Case] = [
    Case("llama3", "hidden_act", "\"gelu\""), Case("qwen2", "hidden_act", "\"swish\""),
    Case("phi3", "hidden_act", "7"),
    Case("gemma2", "hidden_activation", "\"silu\""), Case("gemma3", "hidden_activation", "\"relu\""),
    Case("gpt2", "activation_function", "\"tanh\"", names: "hidden_activation"),
    Case("gpt_neox", "hidden_act", "\"cube\"", names: "hidden_activation"),
    Case("mistral", "sliding_window", "0"), Case("mistral", "sliding_window", "-1"),
    Case("mistral", "sliding_window", "99999999999"), Case("phi3", "sliding_window", "0.5"),
    Case("gemma2", "sliding_window", "0"), Case("gemma2", "query_pre_attn_scalar", "0"),
    Case("gemma2", "attn_logit_softcapping", "0"), Case("gemma2", "attn_logit_softcapping", "-1"),
    Case("gemma2", "final_logit_softcapping", "1e99"), Case("gemma3", "attn_logit_softcapping", "50.0"),
    Case("gemma3", "sliding_window_pattern", "0"), Case("gemma3", "layer_types", "[\"full_attention\"]"),
    Case("gemma3", "layer_types", "[\"a\", \"b\", \"c\"]"), Case("gemma3", "layer_types", "\"full_attention\""),
    Case("qwen2", "use_sliding_window", "1"), Case("qwen3", "tie_word_embeddings", "\"no\""),
    Case("llama3", "tie_word_embeddings", "0"), Case("gpt2", "n_layer", "0"), Case("gpt2", "n_head", "0"),
    Case("gpt2", "n_head", "3", names: "head_count"), Case("gpt2", "n_embd", "0"), Case("gpt2", "n_inner", "0"),
    Case("gpt2", "n_inner", "64", names: "ffn_"), Case("gpt2", "n_positions", "64", names: "position_embd.weight"),
    Case("gpt2", "scale_attn_by_inverse_layer_idx", "true"), Case("gpt_neox", "use_parallel_residual", "\"yes\""),
    Case("llama3", "model_type", "\"llamas\"", names: "'llamas'"), Case("llama3", "model_type", "null"),
  ]

  static let cases = sizes + norms + rotations + rest + experts

  /// A copy of a fixture's folder with one value changed.
  private static func folder(_ test: Case) throws -> TemporaryFolder {
    let golden = GoldenFiles.url("architectures/\(test.name)")
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: golden.appending(path: "model.safetensors").path, toPath: folder.path + "/model.safetensors")
    var json = try JSON(parsing: [UInt8](Data(contentsOf: golden.appending(path: "config.json"))))
    // The value may be no JSON that a parser would make, so a mark stands for it.
    json = json.setting(test.key.split(separator: ".").map(String.init), to: .string("@@"))
    let text = json.line.replacingOccurrences(of: "\"@@\"", with: test.value)
    try Data(text.utf8).write(to: URL(filePath: folder.path + "/config.json"))
    return folder
  }

  @Test(arguments: cases) func anErrorNamesTheKey(_ test: Case) throws {
    let folder = try Self.folder(test)
    let context = Context(threads: 1)
    do {
      _ = try ModelLoader.load(path: folder.path, options: LoadOptions(compute: .f32), context: context)
      Issue.record("it loads")
    } catch {
      #expect(error is FormatError || error is ModelError, "\(error)")
      #expect("\(error)".contains(test.names), "\(error)")
    }
  }

  @Test func thereAreEnoughOfThem() { #expect(Self.cases.count >= 200) }
}

extension JSON {
  /// The object with the value under a path of keys replaced, or added.
  fileprivate func setting(_ path: [String], to value: JSON) -> JSON {
    guard let key = path.first, var members = members else { return value }
    let inner = (self[key] ?? .object([])).setting(Array(path.dropFirst()), to: value)
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index].value = inner
    } else {
      members.append(Member(key, inner))
    }
    return .object(members)
  }
}
