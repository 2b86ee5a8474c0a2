import NumericTypes
import Tensors

/// Logits over a vocabulary, and what a loss and measures make of them; rows are taken in blocks.
struct LanguageHead {
  /// [vocabulary, width].
  let weight: Weight

  /// The mean cross-entropy of rows [N, width].
  func loss(_ x: Tensor, _ targets: Tensor, _ pass: Pass) -> Tensor {
    pass.context.linearCrossEntropy(x, pass[weight], targets, ignoring: Int(TokenSequence.ignored))
  }

  /// `loss` and `accuracy` over the rows that predict something.
  func measure(_ x: Tensor, _ targets: Tensor, _ pass: Pass) -> [String: MetricSum] {
    let w = pass[weight].detached()
    let block = max(16, (1 << 20) / max(1, w.shape[0]))
    var sums: [String: MetricSum] = [:]
    for start in stride(from: 0, to: x.shape[0], by: block) {
      let range = start..<min(x.shape[0], start + block)
      let logits = pass.context.matmul(x.detached().sliced(axis: 0, range), w.transposed())
      let part = Classification.measure(
        logits, targets.sliced(axis: 0, range), ignoring: Int(TokenSequence.ignored), pass.context)
      sums.merge(part) { MetricSum(sum: $0.sum + $1.sum, count: $0.count + $1.count) }
    }
    return sums
  }
}
