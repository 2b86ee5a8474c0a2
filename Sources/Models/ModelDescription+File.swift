import Formats

extension ModelDescription {
  /// The sizes of a decoder.
  struct Sizes {
    var vocabulary: Int
    var contextLength: Int
    var layers: Int
    var width: Int
    var heads: Int
    var kvHeads: Int
    var headDim: Int
    var feedForward: Int
  }

  /// The description of a checkpoint of these sizes.
  init(_ checkpoint: Checkpoint, sizes: Sizes, stateBytesPerToken: Int) throws {
    var counts: [String: Int] = [:]
    var parameters = 0
    var bytes = 0
    for tensor in checkpoint.tensors {
      counts[tensor.dtype.displayName, default: 0] += 1
      parameters += tensor.count
      bytes += tensor.byteCount
    }
    let types = counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.map { "\($0.key)×\($0.value)" }
    self.init(
      name: try checkpoint.stringIfPresent("general.name") ?? "unnamed",
      architecture: try checkpoint.string("general.architecture"), vocabularySize: sizes.vocabulary,
      contextLength: sizes.contextLength, layers: sizes.layers, width: sizes.width, heads: sizes.heads,
      kvHeads: sizes.kvHeads, headDim: sizes.headDim, feedForward: sizes.feedForward, parameters: parameters,
      weightBytes: bytes, weightTypes: types.joined(separator: ", "), stateBytesPerToken: stateBytesPerToken)
  }
}
