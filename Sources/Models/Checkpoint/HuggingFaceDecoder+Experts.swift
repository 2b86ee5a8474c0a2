import Formats

extension HuggingFaceDecoder {
  /// Sets how many experts there are and how many see a row; their number is that of the translation.
  ///
  /// - Throws: ``/Formats/FormatError`` naming the key.
  func setExperts(_ result: inout HuggingFaceTranslation) throws {
    result.set(key("expert_count"), result.experts)
    result.set(key("expert_used_count"), try config.int("num_experts_per_tok", in: 1...256))
  }

  /// The number of experts under the first of `names` that is there.
  func experts(_ names: String...) throws -> Int {
    let name = names.first { config[$0] != nil } ?? names[0]
    return try config.int(name, in: 1...4096)
  }

  /// Maps the experts' weights; `experts` is the path that is followed by their number.
  func mapExperts(
    _ result: inout HuggingFaceTranslation, router: String, experts: String,
    gate: String = "gate_proj", up: String = "up_proj", down: String = "down_proj"
  ) {
    let block = "model.layers.{n}."
    result.map(block + router + ".weight", to: "blk.{n}.ffn_gate_inp.weight")
    for (source, name) in [(gate, "ffn_gate_exps"), (up, "ffn_up_exps"), (down, "ffn_down_exps")] {
      result.map(block + experts + ".{e}.\(source).weight", to: "blk.{n}.\(name).weight")
    }
  }

  /// Maps the weights of the layer that all rows pass.
  func mapShared(_ result: inout HuggingFaceTranslation, _ shared: String) {
    for (source, name) in [("gate_proj", "gate"), ("up_proj", "up"), ("down_proj", "down")] {
      result.map("model.layers.{n}.\(shared).\(source).weight", to: "blk.{n}.ffn_\(name)_shexp.weight")
    }
  }
}
