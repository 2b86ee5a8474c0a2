import Tensors

extension LocalNetwork {
  /// Cascaded Forward's predictors in one step: for each layer the W that makes ‖FW - Y‖² + λN‖W‖² smallest, F its features of
  /// all images and Y their classes as ones among zeros. A layer's features are made once and go into the next.
  ///
  /// The statistics of the normalisation are those of these images.
  ///
  /// - Parameters:
  ///   - batch: all images to learn from.
  ///   - ridge: λ, for each image; 0 for the shortest solution.
  ///   - context: where to compute.
  /// - Throws: ``DataError``; also for a network of another rule.
  public func fitPredictors(_ batch: ImageBatch, ridge: Double, context: Context) throws(DataError) {
    guard configuration.rule == .cascadedForward else {
      throw .invalidOption(field: "rule", value: configuration.rule.rawValue, expected: "cafo")
    }
    let pass = Pass(
      .training, weights: parameters.map(\.value), buffers: buffers.map(\.value), context: context)
    var x = try firstInput(batch, pass)
    let (count, classes) = (batch.labels.count, configuration.classes)
    var targets = [Double](repeating: 0, count: count * classes)
    for (row, label) in batch.labels.enumerated() { targets[row * classes + label] = 1 }
    for (index, block) in blocks.enumerated() {
      x = block(x, pass).detached()
      let features = context.contiguous(context.cast(LocalBlock.rows(x, context), to: .f64))
      let width = features.shape[1]
      let numbers = withExtendedLifetime(features) {
        Array(UnsafeBufferPointer(start: features.pointer(as: Double.self), count: features.count))
      }
      let solution = try LeastSquares.solve(
        numbers, targets, rows: count, ridge: ridge * Double(count), context: context)
      let head = pass[heads[index]].pointer(as: Float.self)
      for row in 0..<width {
        for label in 0..<classes { head[label * width + row] = Float(solution[row * classes + label]) }
      }
    }
    // A layer moves its running numbers by a part of the batch's; here the batch is all that there is.
    let part = configuration.momentum
    for (place, value) in pass.updates {
      let before = buffers[place].value
      let whole = context.divide(context.subtract(value, context.multiply(before, 1 - part)), part)
      context.copy(whole, over: before)
    }
  }
}
