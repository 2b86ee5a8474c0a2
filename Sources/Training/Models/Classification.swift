import NumericTypes
import Tensors

/// What a loss and measures make of logits.
enum Classification {
  /// The labels as a tensor, each proven to be below `classes`.
  ///
  /// - Throws: ``DataError/mismatch(field:found:expected:)``.
  static func targets(_ labels: [Int], classes: Int, _ context: Context) throws(DataError) -> Tensor {
    let tensor = context.empty([labels.count], .i64)
    let values = tensor.pointer(as: Int64.self)
    for (index, label) in labels.enumerated() {
      guard (0..<classes).contains(label) else {
        throw .mismatch(field: "label \(index)", found: "\(label)", expected: "below \(classes)")
      }
      values[index] = Int64(label)
    }
    return tensor
  }

  /// Sums of loss and of right answers over the rows of logits [N, V] whose target is not `ignoring`.
  static func measure(
    _ logits: Tensor, _ targets: Tensor, ignoring: Int = -100, _ context: Context
  ) -> [String: MetricSum] {
    let (logits, best) = (logits.detached(), context.argmax(logits.detached(), axis: -1))
    let loss = context.crossEntropy(logits, targets, ignoring: ignoring)
    let classes = context.contiguous(context.cast(targets, to: .i64))
    return withExtendedLifetime((loss, classes, best)) {
      let (wanted, found) = (classes.pointer(as: Int64.self), best.pointer(as: Int64.self))
      let counted = (0..<classes.count).filter { wanted[$0] != ignoring }
      let hits = counted.count { wanted[$0] == found[$0] }
      let mean = counted.isEmpty ? 0 : Double(loss.pointer(as: Float.self)[0])
      return [
        "loss": MetricSum(sum: mean * Double(counted.count), count: counted.count),
        "accuracy": MetricSum(sum: Double(hits), count: counted.count),
      ]
    }
  }
}
