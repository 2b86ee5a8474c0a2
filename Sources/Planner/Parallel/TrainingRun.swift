import Costs

/// What is to be trained: a model, its batch, and how it is computed.
public struct TrainingRun: Sendable, Hashable {
  /// The model.
  public let shape: TransformerShape
  /// Tokens of a sequence, s.
  public let sequence: Int
  /// Sequences of a step, B.
  public let batch: Int
  /// How attention is computed.
  public let kernel: AttentionKernel
  /// Bytes of each number.
  public let widths: NumberWidths
  /// The format of products.
  public let precision: Precision

  /// A run.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts below one or beyond 2²⁴, and for models with experts or latent
  ///   state, whose layouts are not modelled.
  public init(
    _ shape: TransformerShape, sequence: Int, batch: Int, kernel: AttentionKernel = .materialized(dropout: true),
    widths: NumberWidths = .mixed, precision: Precision = .f16
  ) throws(PlannerError) {
    for (field, count) in [("sequence", sequence), ("batch", batch)] where !(1...1 << 24).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…\(1 << 24)")
    }
    guard shape.experts == nil, shape.latent == nil else {
      throw .invalid(
        field: "model", problem: "layouts of \(shape.name), with experts or latent state, are not modelled")
    }
    self.shape = shape
    self.sequence = sequence
    self.batch = batch
    self.kernel = kernel
    self.widths = widths
    self.precision = precision
  }

  /// Operations of a step's products, as papers count them: attention over all pairs, three times the forward pass and once more
  /// where whole layers are computed again. For a GPT 96·B·s·l·h²·(1 + s/(6h) + V/(16lh)), with 72 and V/12 for 96 and V/16 else.
  public func countedOperations(recomputed: Bool) -> Double {
    let s = Double(sequence)
    let layer = 2 * s * Double(shape.layerMatrixWeights) + 4 * Double(shape.heads * shape.headDim) * s * s
    let head = 6 * s * Double(shape.width * shape.vocabulary)
    return Double(batch) * ((recomputed ? 4 : 3) * Double(shape.layers) * layer + head)
  }
}
