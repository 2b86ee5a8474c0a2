import Costs
import Foundation
import Planner
import Testing
import Venturi
import VenturiTesting

/// The bytes of keys and values that the engine really takes, beside what long contexts are planned with: 2·L·n_kv·d_h·e·c.
@Suite struct PlannedStateTests {
  /// The sizes that a model's own configuration says; one head of both parts where a latent is kept.
  private struct Sizes {
    let layers, kvHeads, headDim: Int

    init(_ name: String) throws {
      let url = GoldenFiles.url("architectures/\(name)/config.json")
      let json = try JSON(parsing: [UInt8](Data(contentsOf: url)))
      func whole(_ names: [String]) -> Int? { names.lazy.compactMap { json[$0]?.int }.first }
      layers = try #require(whole(["num_hidden_layers", "n_layer"]))
      let heads = try #require(whole(["num_attention_heads", "n_head"]))
      if let rank = whole(["kv_lora_rank"]) {
        (kvHeads, headDim) = (1, rank + (try #require(whole(["qk_rope_head_dim"]))))
      } else {
        kvHeads = whole(["num_key_value_heads"]) ?? heads
        headDim = try whole(["head_dim"]) ?? (try #require(whole(["hidden_size", "n_embd"]))) / heads
      }
    }
  }

  private static func planned(_ sizes: Sizes, bits: Double, tokens: Int) throws -> Double {
    func figure(_ value: Double) -> Figure { Figure(value, source: "test", date: "") }
    let model = try LongContextModel(
      name: "m", parameters: 1, layers: sizes.layers, width: sizes.kvHeads * sizes.headDim, kvHeads: sizes.kvHeads,
      headDim: sizes.headDim)
    let device = Device(
      name: "d", compute: [.f32: figure(1)], memory: figure(1e12), bandwidth: figure(1))
    return try LongContextAnalysis(
      model, on: device, precision: .f32, compression: KeyValueCompression(bits: bits)
    ).keyValueBytes(tokens)
  }

  @Test(
    arguments: [
      "llama3", "llama_yarn", "mistral", "mixtral", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "olmoe", "phi3",
      "gemma2",
      "gemma3", "gpt2", "gpt_neox", "deepseek_v2", "deepseek_v3",
    ], [(CacheType.f32, 32.0), (.f16, 16), (.q8, 8)])
  func keysAndValues(_ name: String, _ cache: (type: CacheType, bits: Double)) throws {
    let sizes = try Sizes(name)
    let model = try ModelLoader.load(
      path: GoldenFiles.url("architectures/\(name)").path, options: LoadOptions(cache: cache.type),
      context: Context(threads: 1)
    ).model
    let state = try model.makeState(capacity: 100)
    #expect(state.bytes == 0)
    _ = try model.evaluate(TokenBatch([.init(state: state, tokens: [1, 2, 3], logits: .none)])) { false }
    // Memory comes in pages of 256 tokens. Values are padded to groups of 16, and integers have a scale for each vector.
    let d = Double(sizes.headDim)
    let padded = (d / 16).rounded(.up) * 16
    let scales = cache.type == .q8 ? 4.0 : 0
    let formula = try Self.planned(sizes, bits: cache.bits, tokens: 256)
    let vector = d * cache.bits / 8
    let expected = formula * (vector + padded * cache.bits / 8 + 2 * scales) / (2 * vector)
    #expect(abs(Double(state.bytes) - expected) < 1e-6, "\(state.bytes) and \(expected)")
    if sizes.headDim.isMultiple(of: 16), cache.type != .q8 { #expect(Double(state.bytes) == formula) }
  }

  @Test(arguments: ["mamba2", "rwkv7"]) func recurrentStatesDoNotGrow(_ name: String) throws {
    let model = try ModelLoader.load(
      path: GoldenFiles.url("architectures/\(name)").path, context: Context(threads: 1)
    ).model
    let state = try model.makeState(capacity: 400)
    var bytes: Set<Int> = []
    for _ in 0..<3 {
      let tokens = (0..<100).map { Int32($0 % 80) }
      _ = try model.evaluate(TokenBatch([.init(state: state, tokens: tokens, logits: .none)])) { false }
      bytes.insert(state.bytes)
    }
    #expect(bytes.count == 1 && bytes.first != 0)
  }
}
