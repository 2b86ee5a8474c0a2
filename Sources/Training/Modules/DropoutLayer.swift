import Tensors

/// Elements set to 0 by chance in training, the others made larger to make up for it (Srivastava et al.: Dropout, 2014).
///
/// What is dropped depends on the pass' seed and batch and the layer's name alone.
public struct DropoutLayer: Sendable, Hashable {
  /// The chance of an element.
  public let rate: Double
  private let stream: UInt64

  /// A layer without parameters; `dropout` is its name in the builder's scope.
  ///
  /// - Precondition: 0 ≤ rate < 1.
  public init(_ builder: inout ModelBuilder, rate: Double) {
    precondition(rate >= 0 && rate < 1, "a dropout of \(rate)")
    self.rate = rate
    stream = builder.stream("dropout")
  }

  /// x in evaluation.
  public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    pass.isTraining && rate > 0
      ? pass.context.dropout(x, rate: rate, seed: pass.batchSeed, stream: stream) : x
  }
}
