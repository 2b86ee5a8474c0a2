import Formats
import Mixers
import NumericTypes

/// The hyper-parameters of an RWKV-7 model, as GGUF files name them.
struct RWKV7Configuration: Sendable {
  var width: Int
  var layers: Int
  var headDim: Int
  var feedForward: Int
  var decayRank: Int
  var rateRank: Int
  var valueRank: Int
  var gateRank: Int
  var contextLength: Int
  var epsilon: Float

  /// Reads and checks the hyper-parameters of a checkpoint.
  ///
  /// - Throws: ``/Formats/FormatError`` for a key that is missing, of the wrong type or out of range;
  ///   ``ModelError/configuration(key:problem:)`` for values that do not fit together.
  init(_ file: Checkpoint) throws {
    width = try file.uint("rwkv7.embedding_length", in: 1...1 << 17)
    layers = try file.uint("rwkv7.block_count", in: 1...1024)
    headDim = try file.uint("rwkv7.wkv.head_size", in: 1...256)
    guard width.isMultiple(of: headDim) else {
      throw ModelError.configuration(
        key: "rwkv7.wkv.head_size", problem: "\(headDim) does not divide the width \(width)")
    }
    feedForward = try file.uint("rwkv7.feed_forward_length", in: 1...1 << 20)
    decayRank = try file.uint("rwkv7.attention.decay_lora_rank", in: 1...1 << 16)
    rateRank = try file.uint("rwkv7.attention.iclr_lora_rank", in: 1...1 << 16)
    valueRank = try file.uint("rwkv7.attention.value_residual_mix_lora_rank", in: 1...1 << 16)
    gateRank = try file.uint("rwkv7.attention.gate_lora_rank", in: 1...1 << 16)
    contextLength = try file.uint("rwkv7.context_length", in: 1...1 << 24)
    epsilon = try file.float("rwkv7.attention.layer_norm_epsilon", in: 0...1)
  }

  /// The heads.
  var heads: Int { width / headDim }

  /// The sizes of a sequence's state.
  var layout: RecurrentState.Layout {
    get throws {
      try RecurrentState.Layout(layers: layers, width: TimeMix.stateWidth(heads: heads, headDim: headDim))
    }
  }
}
