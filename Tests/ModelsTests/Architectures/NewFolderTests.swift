import Formats
import Foundation
import Models
import Tensors
import Testing
import VenturiTesting

/// Folders as transformers 5 writes them, and as models that see images too have them, say the same in other words.
@Suite struct NewFolderTests {
  /// The fixture's folder with another configuration.
  private static func folder(_ name: String, _ change: (inout [String: Any]) -> Void) throws -> TemporaryFolder {
    let golden = GoldenFiles.url("architectures/\(name)")
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: golden.appending(path: "model.safetensors").path, toPath: folder.path + "/model.safetensors")
    let parsed = try JSONSerialization.jsonObject(with: Data(contentsOf: golden.appending(path: "config.json")))
    var config = try #require(parsed as? [String: Any])
    change(&config)
    try JSONSerialization.data(withJSONObject: config).write(to: URL(filePath: folder.path + "/config.json"))
    return folder
  }

  private static func logits(_ path: String, _ prompt: [Int32]) throws -> [Float] {
    let context = Context(threads: 2)
    let model = try ModelLoader.load(path: path, options: LoadOptions(compute: .f32), context: context).model
    let state = try model.makeState(capacity: prompt.count)
    return try model.evaluate(
      TokenBatch([.init(state: state, tokens: prompt, logits: .all)]), isCancelled: { false }
    ).values.floats
  }

  private static func check(_ name: String, _ change: (inout [String: Any]) -> Void) throws {
    let golden = try GoldenArchitecture(name)
    let folder = try folder(name, change)
    let error = try golden.error(of: logits(folder.path, golden.prompts[1]), prompt: 1)
    #expect(error <= 1e-4, "\(name): \(error)")
  }

  /// Moves what turns heads into one object.
  private static func gather(_ config: inout [String: Any], _ keys: [String: String]) {
    var parameters = config["rope_scaling"] as? [String: Any] ?? [:]
    if let type = parameters.removeValue(forKey: "type") { parameters["rope_type"] = type }
    for (old, new) in keys { parameters[new] = config.removeValue(forKey: old) }
    config["rope_scaling"] = nil
    config["rope_parameters"] = parameters
  }

  @Test(arguments: ["llama3", "llama_linear", "llama_yarn", "mistral", "qwen2", "qwen3", "gemma2"])
  func rotationsStandInOneObject(_ name: String) throws {
    try Self.check(name) { Self.gather(&$0, ["rope_theta": "rope_theta"]) }
  }

  @Test func soDoTheSharesOfHeads() throws {
    try Self.check("phi3") {
      Self.gather(&$0, ["rope_theta": "rope_theta", "partial_rotary_factor": "partial_rotary_factor"])
    }
    try Self.check("gpt_neox") {
      Self.gather(&$0, ["rotary_emb_base": "rope_theta", "rotary_pct": "partial_rotary_factor"])
    }
    try Self.check("phi3_longrope") {
      Self.gather(
        &$0, ["rope_theta": "rope_theta", "original_max_position_embeddings": "original_max_position_embeddings"])
    }
  }

  @Test func layersSayTheirKindAndItsRotation() throws {
    try Self.check("gemma2") {
      $0["layer_types"] = ["sliding_attention", "full_attention"]
    }
    try Self.check("gemma3") {
      let global: [String: Any] = ["rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0]
      let local: [String: Any] = ["rope_type": "default", "rope_theta": 10_000.0]
      $0["rope_parameters"] = ["full_attention": global, "sliding_attention": local]
      $0["layer_types"] = ["sliding_attention", "sliding_attention", "full_attention"]
      for key in ["rope_theta", "rope_scaling", "rope_local_base_freq", "sliding_window_pattern"] { $0[key] = nil }
    }
  }

  @Test func modelsThatSeeImagesKeepTextApart() throws {
    try Self.check("gemma3") {
      var text = $0
      text["model_type"] = "gemma3_text"
      $0 = ["model_type": "gemma3", "text_config": text, "vision_config": ["hidden_size": 8]]
    }
  }

  @Test func windowsAreUsedWhereAFileSaysSo() throws {
    let golden = try GoldenArchitecture("qwen2")
    let folder = try Self.folder("qwen2") { config in
      config["use_sliding_window"] = true
      config["max_window_layers"] = 1
    }
    let logits = try Self.logits(folder.path, golden.prompts[1])
    // The first rows see no end of a window of 16; later ones do, in the second layer only.
    let width = golden.width
    let differs = (0..<40).map { row in
      let range = row * width..<(row + 1) * width
      return zip(logits[range], golden.expected[1][range]).contains { abs($0 - $1) > 1e-3 }
    }
    #expect(!differs[..<16].contains(true) && differs[20...].contains(true))
  }
}
