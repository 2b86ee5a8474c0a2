extension ModelCatalogue {
  /// Llamas and what has their form: gated feed-forward layers, rotated positions, no biases.
  static let llama: [CataloguedModel] = [
    CataloguedModel(
      .llama(
        "SmolLM2-135M", layers: 30, width: 576, heads: 9, kvHeads: 3, feedForward: 1536, vocabulary: 49152, tied: true),
      aliases: ["smollm2"], contextLength: 8192, source: "HuggingFaceTB/SmolLM2-135M config.json"),
    CataloguedModel(
      .llama("Llama-2-7B", layers: 32, width: 4096, heads: 32, kvHeads: 32, feedForward: 11008, vocabulary: 32000),
      aliases: ["llama2-7b"], contextLength: 4096, source: "meta-llama/Llama-2-7b-hf config.json"),
    CataloguedModel(
      .llama("Llama-2-13B", layers: 40, width: 5120, heads: 40, kvHeads: 40, feedForward: 13824, vocabulary: 32000),
      aliases: ["llama2-13b"], contextLength: 4096, source: "meta-llama/Llama-2-13b-hf config.json"),
    CataloguedModel(
      .llama("Llama-2-70B", layers: 80, width: 8192, heads: 64, kvHeads: 8, feedForward: 28672, vocabulary: 32000),
      aliases: ["llama2-70b"], contextLength: 4096, source: "meta-llama/Llama-2-70b-hf config.json"),
    CataloguedModel(
      .llama("Llama-3-8B", layers: 32, width: 4096, heads: 32, kvHeads: 8, feedForward: 14336, vocabulary: 128256),
      aliases: ["llama3-8b", "llama-3.1-8b"], contextLength: 8192, source: "meta-llama/Meta-Llama-3-8B config.json"),
    CataloguedModel(
      .llama("Llama-3-70B", layers: 80, width: 8192, heads: 64, kvHeads: 8, feedForward: 28672, vocabulary: 128256),
      aliases: ["llama3-70b", "llama-3.1-70b"], contextLength: 8192,
      source: "meta-llama/Meta-Llama-3-70B config.json"),
    // The biases of queries, keys and values are not counted.
    CataloguedModel(
      .llama(
        "Qwen2.5-3B", layers: 36, width: 2048, heads: 16, kvHeads: 2, feedForward: 11008, vocabulary: 151936, tied: true
      ),
      aliases: ["qwen-2.5-3b"], contextLength: 32768, source: "Qwen/Qwen2.5-3B config.json"),
    CataloguedModel(
      .llama("Qwen2.5-14B", layers: 48, width: 5120, heads: 40, kvHeads: 8, feedForward: 13824, vocabulary: 152064),
      aliases: ["qwen-2.5-14b"], contextLength: 131072, source: "Qwen/Qwen2.5-14B config.json"),
  ]
}
