/// The way a model family cuts text into words before pairs are merged; merging never crosses the end of a word.
public enum PreTokenizer: String, Sendable, CaseIterable {
  /// SmolLM and SmolLM2: every digit or other number alone, the rest by GPT-2's rules: the contractions `'s 't 're 've 'm 'll
  /// 'd`, runs of letters and runs of anything else with one leading space, and white space without its last character where
  /// something follows.
  case smollm

  /// Finds the way by its name in `tokenizer.ggml.pre`.
  ///
  /// - Throws: ``TextError/unsupportedPreTokenizer(name:)``.
  public init(name: String) throws(TextError) {
    guard let known = PreTokenizer(rawValue: name) else { throw .unsupportedPreTokenizer(name: name) }
    self = known
  }
}
