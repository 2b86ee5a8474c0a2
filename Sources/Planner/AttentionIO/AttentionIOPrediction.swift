import Costs

/// Traffic of attention on an A100, beside what the first FlashAttention paper measured.
public enum AttentionIOPrediction {
  /// Numbers of 16 bits in the 192 KB of a multiprocessor.
  public static let multiprocessorWords = 192 << 9

  /// One head of 1024 tokens and 64 numbers, on a multiprocessor of an A100.
  ///
  /// - Throws: ``PlannerError``.
  public static func head(tokens: Int = 1024) throws(PlannerError) -> AttentionIO {
    try AttentionIO(tokens: tokens, width: 64, memory: multiprocessorWords)
  }

  /// What FlashAttention's figure 2 shows of GPT-2 medium's attention, 64 sequences of 1024 tokens, forward and backward: recalled,
  /// and the sheet asks for a ratio of 5 alone. The standard attention keeps its matrices and drops some of their numbers; flash is
  /// the first version's order, which has keys outermost. The plain column is what is read and written at least.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let source = "arXiv 2205.14135, figure 2, recalled"
    let (sequences, heads, head) = (64, 16, try head())
    let shape = TransformerShape.gpt(
      "GPT-2 medium", layers: 1, heads: heads, headDim: 64, positions: 1024, vocabulary: 50257)
    let step = try shape.training(
      try Workload(sequences: sequences, tokens: head.tokens), kernel: .materialized(dropout: true), precision: .f16)
    let standard =
      step.operators.filter { $0.name.hasPrefix("layer.attention") }.reduce(0) { $0 + $1.total.bytes } / 1e9
    guard let order = head.bestKeysOutermost() else {
      throw .invalid(field: "memory", problem: "\(head.memory) words hold no row and no key")
    }
    let words = Double(try head.words(order) + head.backwardWords())
    let flash = 2 * Double(sequences * heads) * words / 1e9
    // Forward Q, K, V and O; backward these, dO and three gradients.
    let least = 2 * Double(sequences * heads) * 12 * Double(head.tokens * head.width) / 1e9
    func row(_ name: String, _ value: Double, _ predicted: Double, plain: Double) -> Prediction {
      Prediction(
        of: Published(
          "GPT-2 medium's attention, " + name, Figure(value, source: source, date: "2022-05"), verified: false),
        predicted: predicted, plainRoofline: plain, limit: 0.3, heldOut: true)
    }
    return [
      row("standard, GB", 40.3, standard, plain: least), row("flash, GB", 4.4, flash, plain: least),
      row("standard over flash", 40.3 / 4.4, standard / flash, plain: 1),
    ]
  }
}
