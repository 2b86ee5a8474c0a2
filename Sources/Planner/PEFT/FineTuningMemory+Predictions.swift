import Costs

extension FineTuningMemory {
  /// The QLoRA paper's figures for LLaMA with 65 billion weights: more than 780 GB to train all weights in 16 bits with Adam's moments
  /// in 32, under 48 GB with a base in 4 bits. No constant is fitted; activations are left out, the paper recomputes them. The
  /// plain model multiplies weights by the bits that the base is quantised to.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    let shape = TransformerShape.llama(
      "LLaMA-65B", layers: 80, width: 8192, heads: 64, kvHeads: 64, feedForward: 22016, vocabulary: 32000)
    let source = "arXiv 2305.14314, abstract and introduction"
    func published(_ name: String, _ value: Double) -> Published {
      Published(name, Figure(value, source: source, date: "2023-05"), verified: false)
    }
    let half = NumberWidths(weights: 2, activations: 2, residual: 2, gradients: 2, optimizer: 8)
    let full = try FineTuningMemory(shape, .full, sequences: 1, tokens: 1, widths: half)
    let packed = try FineTuningMemory(
      shape, .lowRank(rank: 64), base: .nf4, sequences: 1, tokens: 1, widths: half)
    let weights = Double(shape.parameters)
    return [
      Prediction(
        of: published("LLaMA-65B, all weights in 16 bits (more than)", 780e9),
        predicted: full.weights + full.gradients + full.optimizer, plainRoofline: weights * 2, limit: 0.05,
        heldOut: true),
      Prediction(
        of: published("LLaMA-65B, QLoRA of rank 64 (under)", 48e9),
        predicted: packed.weights + packed.gradients + packed.optimizer, plainRoofline: weights / 2, limit: 0.2,
        heldOut: true),
    ]
  }
}
