import Formats
import Mixers
import NumericTypes

/// The hyper-parameters of a Mamba-2 model, as GGUF files name them.
struct Mamba2Configuration: Sendable {
  var width: Int
  var layers: Int
  var sizes: SelectiveStateSpace.Sizes
  var contextLength: Int
  var epsilon: Float

  /// Reads and checks the hyper-parameters of a checkpoint.
  ///
  /// - Throws: ``/Formats/FormatError`` for a key that is missing, of the wrong type or out of range;
  ///   ``ModelError/configuration(key:problem:)`` for values that do not fit together.
  init(_ file: Checkpoint) throws {
    width = try file.uint("mamba2.embedding_length", in: 1...1 << 17)
    layers = try file.uint("mamba2.block_count", in: 1...1024)
    let inner = try file.uint("mamba2.ssm.inner_size", in: 1...1 << 18)
    let heads = try file.uint("mamba2.ssm.time_step_rank", in: 1...4096)
    guard inner.isMultiple(of: heads) else {
      throw ModelError.configuration(
        key: "mamba2.ssm.time_step_rank", problem: "\(heads) heads do not divide the inner size \(inner)")
    }
    let groups = try file.uintIfPresent("mamba2.ssm.group_count", in: 1...4096) ?? 1
    guard heads.isMultiple(of: groups) else {
      throw ModelError.configuration(
        key: "mamba2.ssm.group_count", problem: "\(groups) groups do not divide the \(heads) heads")
    }
    sizes = SelectiveStateSpace.Sizes(
      heads: heads, headDim: inner / heads, groups: groups,
      state: try file.uint("mamba2.ssm.state_size", in: 1...4096),
      taps: try file.uint("mamba2.ssm.conv_kernel", in: 2...16))
    contextLength = try file.uint("mamba2.context_length", in: 1...1 << 24)
    epsilon = try file.float("mamba2.attention.layer_norm_rms_epsilon", in: 0...1)
  }

  /// The sizes of a sequence's state.
  var layout: RecurrentState.Layout {
    get throws { try RecurrentState.Layout(layers: layers, width: sizes.stateWidth) }
  }
}
