extension SampleText {
  /// Sentences for measuring embeddings, always the same: single ones, every fourth text of two, every 32nd a paragraph of
  /// six.
  public static func embeddingTexts(_ count: Int) -> [String] {
    var endless = endless(prose, seed: 1)
    return (0..<count).map { index in
      let parts = index % 32 == 31 ? 6 : index % 4 == 3 ? 2 : 1
      return (0..<parts).compactMap { _ in endless.next() }.joined(separator: " ")
    }
  }
}
