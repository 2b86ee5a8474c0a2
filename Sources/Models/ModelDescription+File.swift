import Formats

extension ModelDescription {
  /// The description of a file of the Llama family.
  init(
    _ file: GGUFFile, _ configuration: LlamaConfiguration, vocabularySize: Int, contextLength: Int,
    stateBytesPerToken: Int
  ) throws {
    var counts: [String: Int] = [:]
    var parameters = 0
    var bytes = 0
    for tensor in file.tensors {
      counts[tensor.dtype.displayName, default: 0] += 1
      parameters += tensor.count
      bytes += tensor.byteRange.count
    }
    let types = counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.map { "\($0.key)×\($0.value)" }
    self.init(
      name: try file.stringIfPresent("general.name") ?? "unnamed", architecture: "llama",
      vocabularySize: vocabularySize, contextLength: contextLength, layers: configuration.layers,
      width: configuration.width, heads: configuration.heads, kvHeads: configuration.kvHeads,
      headDim: configuration.headDim, feedForward: configuration.feedForward, parameters: parameters,
      weightBytes: bytes, weightTypes: types.joined(separator: ", "), stateBytesPerToken: stateBytesPerToken)
  }
}
