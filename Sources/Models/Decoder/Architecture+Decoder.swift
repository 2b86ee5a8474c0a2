import Formats
import Tensors

extension Architecture {
  /// A decoder of attention and feed-forward layers: `configuration` reads what the architecture says of itself.
  static func decoder(
    name: String, huggingFaceTypes: [String],
    configuration: @escaping @Sendable (Checkpoint, LoadOptions) throws -> DecoderConfiguration,
    translate: (@Sendable (HuggingFaceFolder) throws -> HuggingFaceTranslation)?
  ) -> Architecture {
    var architecture = Architecture(
      name: name, huggingFaceTypes: huggingFaceTypes,
      memoryNeed: { checkpoint, options, threads in
        try DecoderSizes(
          checkpoint, configuration: configuration(checkpoint, options), options: options, threads: threads
        ).memoryNeed
      },
      load: { checkpoint, options, context in
        let sizes = try DecoderSizes(
          checkpoint, configuration: configuration(checkpoint, options), options: options,
          threads: context.workers.count)
        let need = sizes.memoryNeed
        try need.check(limit: options.memoryLimit)
        let network = try AttentionDecoder(checkpoint, sizes: sizes, compute: options.compute, context: context)
        let c = sizes.configuration
        let description = try ModelDescription(
          checkpoint,
          sizes: ModelDescription.Sizes(
            vocabulary: sizes.vocabularySize, contextLength: sizes.contextLength, layers: c.layers, width: c.width,
            heads: c.heads, kvHeads: c.kvHeads, headDim: c.headDim, feedForward: c.feedForward),
          stateBytesPerToken: need.perToken)
        return Decoder(network, description: description, need: need, context: context)
      },
      translate: translate)
    architecture.choosesKeys = true
    architecture.translateAdapter = { adapter, checkpoint in
      try AdapterNames(configuration: configuration(checkpoint, LoadOptions())).translated(adapter)
    }
    return architecture
  }
}
