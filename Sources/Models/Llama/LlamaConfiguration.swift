import Formats
import Numerics

/// The hyper-parameters of a Llama-family model, as GGUF files name them.
public struct LlamaConfiguration: Sendable, Hashable {
  /// The width of the residual stream.
  public var width: Int
  /// The number of blocks.
  public var layers: Int
  /// Query heads.
  public var heads: Int
  /// Key and value heads; the query heads are a whole multiple.
  public var kvHeads: Int
  /// The width of a head.
  public var headDim: Int
  /// The values of a head that turn with the position.
  public var rotated: Int
  /// The width of the feed-forward layer.
  public var feedForward: Int
  /// The most tokens of a sequence.
  public var contextLength: Int
  /// The norms' ε.
  public var epsilon: Float
  /// The base of the rotation's frequencies.
  public var rotationBase: Double

  /// Reads and checks the hyper-parameters of a checkpoint.
  ///
  /// - Throws: ``/Formats/FormatError`` for a key that is missing, of the wrong type or out of range;
  ///   ``ModelError/configuration(key:problem:)`` for values that do not fit together or are not supported.
  public init(_ file: Checkpoint) throws {
    width = try file.uint("llama.embedding_length", in: 1...1 << 17)
    layers = try file.uint("llama.block_count", in: 1...1024)
    heads = try file.uint("llama.attention.head_count", in: 1...1024)
    kvHeads = try file.uintIfPresent("llama.attention.head_count_kv", in: 1...1024) ?? heads
    guard heads.isMultiple(of: kvHeads) else {
      throw ModelError.configuration(
        key: "llama.attention.head_count_kv", problem: "\(kvHeads) does not divide the \(heads) query heads")
    }
    if let keyLength = try file.uintIfPresent("llama.attention.key_length", in: 1...1024) {
      headDim = keyLength
    } else {
      guard width.isMultiple(of: heads) else {
        throw ModelError.configuration(
          key: "llama.attention.head_count", problem: "\(heads) does not divide the width \(width)")
      }
      headDim = width / heads
      guard headDim <= 1024 else {
        throw ModelError.configuration(
          key: "llama.attention.head_count",
          problem: "\(heads) heads make the width \(width) heads of \(headDim), above 1024")
      }
    }
    let valueLength = try file.uintIfPresent("llama.attention.value_length", in: 1...1024) ?? headDim
    guard valueLength == headDim else {
      throw ModelError.configuration(
        key: "llama.attention.value_length", problem: "\(valueLength) differs from the key length \(headDim)")
    }
    rotated = try file.uintIfPresent("llama.rope.dimension_count", in: 2...1024) ?? headDim
    guard rotated.isMultiple(of: 2), rotated <= headDim else {
      throw ModelError.configuration(
        key: "llama.rope.dimension_count", problem: "\(rotated) is odd or above the head width \(headDim)")
    }
    feedForward = try file.uint("llama.feed_forward_length", in: 1...1 << 20)
    contextLength = try file.uint("llama.context_length", in: 1...1 << 24)
    epsilon = try file.float("llama.attention.layer_norm_rms_epsilon", in: 0...1)
    rotationBase = Double(try file.floatIfPresent("llama.rope.freq_base", in: 1...1e12) ?? 10_000)
    if let scaling = try file.stringIfPresent("llama.rope.scaling.type"), scaling != "none" {
      throw ModelError.configuration(key: "llama.rope.scaling.type", problem: "'\(scaling)' is not supported")
    }
    if file.tensorIfPresent("rope_freqs.weight") != nil {
      throw ModelError.configuration(key: "rope_freqs.weight", problem: "scaled rotation frequencies are not supported")
    }
    if let experts = try file.uintIfPresent("llama.expert_count"), experts > 0 {
      throw ModelError.configuration(key: "llama.expert_count", problem: "expert layers are not supported")
    }
  }
}
