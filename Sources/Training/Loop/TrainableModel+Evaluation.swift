import Tensors

extension TrainableModel {
  /// What is measured on held-out batches, each value a mean over all of them.
  ///
  /// - Parameters:
  ///   - batches: the batches, up to the end of the epoch.
  ///   - context: where to compute.
  ///   - isCancelled: asked before each batch.
  /// - Throws: `CancellationError`; what the model or the batches throw.
  public func evaluate(
    over batches: any BatchSource<Batch>, context: Context,
    isCancelled: () -> Bool = { false }
  ) throws -> [String: Double] {
    var sums: [String: MetricSum] = [:]
    let (weights, buffers) = (parameters.map(\.value), self.buffers.map(\.value))
    while let batch = try batches.next() {
      if isCancelled() { throw CancellationError() }
      let pass = Pass(.evaluation, weights: weights, buffers: buffers, context: context)
      for (name, sum) in try measure(batch, pass) { sums[name, default: MetricSum(sum: 0, count: 0)].add(sum) }
    }
    return sums.mapValues(\.mean)
  }
}
