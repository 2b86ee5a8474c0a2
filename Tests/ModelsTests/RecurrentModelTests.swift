import Formats
import Foundation
import Models
import Tensors
import Testing
import VenturiTesting

/// Folders of recurrent models whose configuration was changed, and the memory that they take.
struct RecurrentModelTests {
  private static func folder(_ name: String, changing key: String, to value: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let source = GoldenFiles.url("architectures/\(name)")
    try FileManager.default.copyItem(
      atPath: source.appending(path: "model.safetensors").path, toPath: folder.path + "/model.safetensors")
    let config = try JSON(parsing: [UInt8](Data(contentsOf: source.appending(path: "config.json"))))
    let members = (config.members ?? []).map { $0.key == key ? JSON.Member(key, .string("\u{1}")) : $0 }
    let text = JSON.object(members).line.replacingOccurrences(of: "\"\\u0001\"", with: value)
    try Data(text.utf8).write(to: URL(filePath: folder.path + "/config.json"))
    return folder
  }

  @Test(arguments: [
    ("mamba2", "num_heads", "7"), ("mamba2", "num_heads", "0"), ("mamba2", "n_groups", "3"),
    ("mamba2", "state_size", "1e9"), ("mamba2", "conv_kernel", "1"), ("mamba2", "layer_norm_epsilon", "\"x\""),
    ("mamba2", "use_bias", "true"), ("mamba2", "hidden_act", "\"gelu\""), ("mamba2", "hidden_size", "-1"),
    ("rwkv7", "head_dim", "5"), ("rwkv7", "head_dim", "0"), ("rwkv7", "intermediate_size", "65"),
    ("rwkv7", "gate_low_rank_dim", "4"), ("rwkv7", "hidden_act", "\"relu\""), ("rwkv7", "norm_eps", "null"),
    ("rwkv7", "num_hidden_layers", "3"), ("rwkv7", "model_type", "\"rwkv9\""), ("rwkv7", "vocab_size", "96.5"),
  ])
  func aWrongConfigurationIsRefused(_ name: String, _ key: String, _ value: String) throws {
    // The vocabulary's size is the embedding's: what the configuration says of it is not read.
    let folder = try Self.folder(name, changing: key, to: value)
    let outcome = Result { try ModelLoader.load(path: folder.path, context: Context(threads: 1)) }
    if key == "vocab_size" {
      _ = try outcome.get()
    } else {
      guard case .failure(let error) = outcome else {
        Issue.record("\(key) = \(value) is taken")
        return
      }
      #expect(error is FormatError || error is ModelError, "\(error)")
    }
  }

  @Test(arguments: ["mamba2", "rwkv7"])
  func memoryStaysBelowTheNeed(_ name: String) throws {
    let checkpoint = try Checkpoint(path: GoldenFiles.url("architectures/\(name)").path)
    for compute in ComputeMode.allCases {
      let options = LoadOptions(compute: compute, stepTokens: 64, logitRows: 64)
      let need = try ModelLoader.memoryNeed(of: checkpoint, options: options, threads: 2)
      let context = Context(threads: 2)
      let model = try ModelLoader.load(checkpoint, options: options, context: context).model
      let state = try model.makeState(capacity: 200)
      for rows in [64, 1, 16, 7, 2] {
        let tokens = (0..<rows).map { Int32($0 % 90) }
        _ = try model.evaluate(TokenBatch([.init(state: state, tokens: tokens, logits: .all)])) { false }
      }
      let taken = context.allocator.peakLiveBytes + (try #require(model as? Decoder)).keptBytes
      #expect(taken <= need.total, "\(compute): \(taken) of \(need)")
    }
  }
}
