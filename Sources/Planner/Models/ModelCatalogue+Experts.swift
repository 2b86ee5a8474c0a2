extension ModelCatalogue {
  /// Models with experts or latent attention, and the dense ones that they are held against.
  static let experts: [CataloguedModel] = [
    CataloguedModel(
      deepSeek(
        "DeepSeek-V3", layers: 61, width: 7168, feedForward: 18432, vocabulary: 129280,
        ExpertLayers(checked: 256, 8, 1, 2048, 3, true)),
      aliases: ["deepseek-v3-671b", "deepseek-r1"], contextLength: 163840, source: "deepseek-ai/DeepSeek-V3 config.json"
    ),
    CataloguedModel(
      deepSeek(
        "DeepSeek-V2", layers: 60, width: 5120, feedForward: 12288, vocabulary: 102400,
        ExpertLayers(checked: 160, 6, 2, 1536, 1, false)),
      aliases: ["deepseek-v2-236b"], contextLength: 163840, source: "deepseek-ai/DeepSeek-V2 config.json"),
    CataloguedModel(
      mixtral(), aliases: ["mixtral"], contextLength: 32768, source: "mistralai/Mixtral-8x7B-v0.1 config.json"),
    CataloguedModel(
      grouped(
        "Mixtral-8x22B", layers: 56, feedForward: 16384, vocabulary: 32000,
        ExpertLayers(checked: 8, 2, 0, 16384, 0, false)),
      contextLength: 65536, source: "mistralai/Mixtral-8x22B-v0.1 config.json"),
    CataloguedModel(
      grouped(
        "DBRX", layers: 40, feedForward: 10752, vocabulary: 100352, ExpertLayers(checked: 16, 4, 0, 10752, 0, false)),
      contextLength: 32768, source: "databricks/dbrx-base config.json"),
    CataloguedModel(
      .llama("Qwen2.5-72B", layers: 80, width: 8192, heads: 64, kvHeads: 8, feedForward: 29568, vocabulary: 152064),
      aliases: ["qwen-2.5-72b"], contextLength: 131072, source: "Qwen/Qwen2.5-72B config.json"),
    CataloguedModel(
      .llama(
        "Llama-3.1-405B", layers: 126, width: 16384, heads: 128, kvHeads: 8, feedForward: 53248, vocabulary: 128256),
      aliases: ["llama3.1-405b", "llama-3-405b"], contextLength: 131072,
      source: "meta-llama/Llama-3.1-405B config.json"),
  ]

  /// Versions 2 and 3 have the same heads and the same latent state.
  private static func deepSeek(
    _ name: String, layers: Int, width: Int, feedForward: Int, vocabulary: Int, _ experts: ExpertLayers
  ) -> TransformerShape {
    var shape = TransformerShape.llama(
      name, layers: layers, width: width, heads: 128, kvHeads: 128, headDim: 128, feedForward: feedForward,
      vocabulary: vocabulary)
    shape.experts = experts
    shape.latent = LatentState(checked: 1536, 512, 64, 128, 128)
    return shape
  }

  /// Mixtral-8x22B and DBRX have the same heads.
  private static func grouped(
    _ name: String, layers: Int, feedForward: Int, vocabulary: Int, _ experts: ExpertLayers
  ) -> TransformerShape {
    var shape = TransformerShape.llama(
      name, layers: layers, width: 6144, heads: 48, kvHeads: 8, feedForward: feedForward, vocabulary: vocabulary)
    shape.experts = experts
    return shape
  }

  private static func mixtral() -> TransformerShape {
    var shape = TransformerShape.llama(
      "Mixtral-8x7B", layers: 32, width: 4096, heads: 32, kvHeads: 8, feedForward: 14336, vocabulary: 32000)
    shape.experts = ExpertLayers(checked: 8, 2, 0, 14336, 0, false)
    return shape
  }
}
