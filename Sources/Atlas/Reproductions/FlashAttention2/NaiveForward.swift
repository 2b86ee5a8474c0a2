import NumericTypes
import Profiling
import Tensors

/// Masked attention as one writes it without knowing better, from the engine's own operators at their best: for each head
/// the scores q·kᵀ as one matrix product, the mask written into the upper triangle alone, a softmax over rows, and one
/// more product with v.
final class NaiveForward {
  private let shape: AttentionCase
  private let context: Context
  private let q: Tensor
  private let k: Tensor
  private let v: Tensor

  init(_ shape: AttentionCase, context: Context) {
    self.shape = shape
    self.context = context
    var random = Random(seed: 1)
    func fresh(_ heads: Int) -> Tensor {
      let tensor = context.empty([heads, shape.n, shape.d])
      let values = tensor.pointer(as: Float.self)
      for index in 0..<tensor.count { values[index] = Float(random.uniform() * 2 - 1) }
      return tensor
    }
    q = fresh(shape.heads)
    k = fresh(shape.kvHeads)
    v = fresh(shape.kvHeads)
  }

  /// o [N, d] of one head.
  func head(_ index: Int) -> Tensor {
    let group = shape.heads / shape.kvHeads
    func part(_ tensor: Tensor, _ head: Int) -> Tensor {
      tensor.sliced(axis: 0, head..<head + 1).reshaped([shape.n, shape.d])
    }
    let queries = context.multiply(part(q, index), 1 / Double(shape.d).squareRoot())
    let scores = context.matmul(queries, part(k, index / group).transposed())
    if shape.causal { mask(scores) }
    return context.matmul(context.softmax(scores), part(v, index / group))
  }

  private func mask(_ scores: Tensor) {
    let n = shape.n
    nonisolated(unsafe) let values = scores.pointer(as: Float.self)
    let rows = 64
    context.workers.run((n + rows - 1) / rows) { block, _ in
      for row in block * rows..<min(n, (block + 1) * rows) {
        (values + row * n + row + 1).update(repeating: -.infinity, count: n - row - 1)
      }
    }
  }

  /// The seconds of one pass over all heads, the mean of `repeats` in a row.
  func turn(repeats: Int) -> Double {
    TimingProtocol.time {
      for _ in 0..<repeats { for index in 0..<shape.heads { _ = head(index) } }
    } / Double(repeats)
  }

  /// Bytes at the peak of one head beyond operands and result.
  func extraBytes() -> Double {
    let allocator = context.allocator
    allocator.resetPeak()
    let before = allocator.liveBytes
    let o = head(0)
    return Double(allocator.peakLiveBytes - before - Allocator.sizeClass(o.storage.byteCount))
  }
}
