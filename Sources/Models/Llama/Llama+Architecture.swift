import Formats
import Tensors

extension Architecture {
  /// Llama 1 to 3 and what is built like it.
  static let llama = Architecture(
    name: "llama", huggingFaceTypes: ["llama"],
    memoryNeed: { checkpoint, options, threads in
      try LlamaSizes(checkpoint, options: options, threads: threads).memoryNeed
    },
    load: { checkpoint, options, context in
      let sizes = try LlamaSizes(checkpoint, options: options, threads: context.workers.count)
      let need = sizes.memoryNeed
      try need.check(limit: options.memoryLimit)
      let network = try Llama(checkpoint, sizes: sizes, compute: options.compute, context: context)
      let c = sizes.configuration
      let description = try ModelDescription(
        checkpoint,
        sizes: ModelDescription.Sizes(
          vocabulary: sizes.vocabularySize, contextLength: sizes.contextLength, layers: c.layers, width: c.width,
          heads: c.heads, kvHeads: c.kvHeads, headDim: c.headDim, feedForward: c.feedForward),
        stateBytesPerToken: need.perToken)
      return Decoder(network, description: description, need: need, context: context)
    },
    translate: LlamaFolder.translation)
}
