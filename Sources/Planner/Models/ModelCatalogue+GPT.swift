extension ModelCatalogue {
  /// GPTs that training systems were measured with: V = 51200 and 2048 positions.
  static let gpt: [CataloguedModel] = [
    gpt("GPT-1.7B", layers: 24, heads: 24, headDim: 96), gpt("GPT-18B", layers: 40, heads: 48, headDim: 128),
    gpt("GPT-22B", layers: 48, heads: 48, headDim: 128),
    gpt("GPT-3-175B", layers: 96, heads: 96, headDim: 128, aliases: ["gpt-175b", "gpt-3"]),
    gpt("GPT-530B", layers: 105, heads: 128, headDim: 160),
    gpt("GPT-1T", layers: 128, heads: 160, headDim: 160, aliases: ["gpt-1008b"]),
  ]

  private static func gpt(
    _ name: String, layers: Int, heads: Int, headDim: Int, aliases: [String] = []
  ) -> CataloguedModel {
    CataloguedModel(
      .gpt(name, layers: layers, heads: heads, headDim: headDim, positions: 2048, vocabulary: 51200), aliases: aliases,
      contextLength: 2048, source: "arXiv 2104.04473, table 1 and section 5.2; arXiv 2312.12705")
  }
}
