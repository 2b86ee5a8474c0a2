extension ModelCatalogue {
  /// Models of long contexts and long answers: Yi-34B and the dense Qwen3, whose head norms are not counted.
  static let longContext: [CataloguedModel] =
    [
      CataloguedModel(
        .llama(
          "Yi-34B", layers: 60, width: 7168, heads: 56, kvHeads: 8, feedForward: 20480, vocabulary: 64000),
        aliases: ["yi-34b-200k"], contextLength: 200_000, source: "01-ai/Yi-34B-200K config.json")
    ]
    + [
      ("0.6B", 28, 1024, 16, 3072, true), ("1.7B", 28, 2048, 16, 6144, true), ("4B", 36, 2560, 32, 9728, true),
      ("8B", 36, 4096, 32, 12288, false), ("14B", 40, 5120, 40, 17408, false), ("32B", 64, 5120, 64, 25600, false),
    ].map { (size: String, layers: Int, width: Int, heads: Int, feedForward: Int, tied: Bool) in
      CataloguedModel(
        .llama(
          "Qwen3-\(size)", layers: layers, width: width, heads: heads, kvHeads: 8, headDim: 128,
          feedForward: feedForward, vocabulary: 151936, tied: tied),
        contextLength: 40960, source: "Qwen/Qwen3-\(size) config.json")
    }
}
