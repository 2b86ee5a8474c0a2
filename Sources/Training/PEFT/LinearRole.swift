/// A linear layer of a block, by the name that Hugging Face's models and PEFT's files have for it.
public enum LinearRole: String, Sendable, Hashable, CaseIterable {
  /// To queries.
  case query = "q_proj"
  /// To keys.
  case key = "k_proj"
  /// To values.
  case value = "v_proj"
  /// From heads back to the stream.
  case output = "o_proj"
  /// The gate of a feed-forward.
  case gate = "gate_proj"
  /// The way out of a feed-forward.
  case up = "up_proj"
  /// The way back of a feed-forward.
  case down = "down_proj"

  /// The layer's place in its block, such as `self_attn.q_proj`.
  var path: String {
    switch self {
    case .query, .key, .value, .output: "self_attn.\(rawValue)"
    case .gate, .up, .down: "mlp.\(rawValue)"
    }
  }
}

/// A linear layer of a model as adapters see it: rows of one of its weights.
struct LinearTarget: Sendable, Hashable {
  /// The block's place.
  let block: Int
  /// Which of its layers.
  let role: LinearRole
  /// The layer; queries, keys and values are rows of one.
  let layer: DenseLayer
  /// Its rows.
  let rows: Range<Int>

  var inputs: Int { layer.inputs }
  var outputs: Int { rows.count }
  /// The scope of its parameters, such as `layers.3.self_attn.q_proj`.
  var name: String { "layers.\(block).\(role.path)" }
}

extension GPT {
  /// All linear layers of the blocks, in the order in which they are used.
  var linearTargets: [LinearTarget] {
    blocks.flatMap { block in
      let attention = block.attention
      let (queries, keys) = (attention.heads * attention.headDim, attention.kvHeads * attention.headDim)
      func target(_ role: LinearRole, _ layer: DenseLayer, _ rows: Range<Int>? = nil) -> LinearTarget {
        LinearTarget(block: block.index, role: role, layer: layer, rows: rows ?? 0..<layer.outputs)
      }
      let mixing = [
        target(.query, attention.inward, 0..<queries),
        target(.key, attention.inward, queries..<queries + keys),
        target(.value, attention.inward, queries + keys..<queries + 2 * keys),
        target(.output, attention.outward),
      ]
      return switch block.feedForward {
      case .plain(let layer): mixing + [target(.up, layer.up), target(.down, layer.down)]
      case .gated(let layer): mixing + [target(.gate, layer.gate), target(.up, layer.up), target(.down, layer.down)]
      }
    }
  }
}
