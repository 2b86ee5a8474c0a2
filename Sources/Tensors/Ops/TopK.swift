import Costs
import NumericTypes

extension Context {
  /// The `k` largest elements of each row along the last axis, largest first, and their positions (i64); of equals the
  /// lower position comes first. NaN counts as largest.
  ///
  /// - Precondition: f32 or a narrower float; `k` is at most the row's length.
  public func topK(_ x: Tensor, _ k: Int) -> (values: Tensor, indices: Tensor) {
    let width = x.shape.last
    precondition(x.shape.rank >= 1 && k >= 0 && k <= width, "the top \(k) of rows of \(x.shape)")
    precondition(!x.isTracked, "the largest elements have no gradient; that of \(x.shape) is recorded")
    precondition(x.dtype == .f32 || x.dtype == .f16 || x.dtype == .bf16, "the top of \(x.dtype.displayName) \(x.shape)")
    let source = contiguous(cast(x, to: .f32))
    return withExtendedLifetime(source) {
      let shape = Shape(Array(x.shape.dimensions.dropLast()) + [k])
      let (values, indices) = (empty(shape), empty(shape, .i64))
      let (from, best, at) = (
        source.pointer(as: Float.self), values.pointer(as: Float.self), indices.pointer(as: Int64.self)
      )
      let cost = OperationCost(
        flops: Double(source.count), bytesRead: 4 * Double(source.count), bytesWritten: 12 * Double(shape.count))
      performRanges(shape.count == 0 ? 0 : x.shape.rows, grain: max(1, 8192 / max(1, width)), .topK, cost) { rows in
        for row in rows {
          TopSelection(values: best + row * k, indices: at + row * k, capacity: k).select(from + row * width, width)
        }
      }
      return (cast(values, to: x.dtype), indices)
    }
  }
}

/// The best elements seen so far as a heap whose root is the worst of them.
private struct TopSelection {
  let values: UnsafeMutablePointer<Float>
  let indices: UnsafeMutablePointer<Int64>
  let capacity: Int

  /// Whether one element ranks before another.
  private func precedes(_ a: Float, _ i: Int64, _ b: Float, _ j: Int64) -> Bool {
    if a.isNaN || b.isNaN { return a.isNaN && (!b.isNaN || i < j) }
    return a > b || (a == b && i < j)
  }

  private func swap(_ i: Int, _ j: Int) {
    (values[i], values[j]) = (values[j], values[i])
    (indices[i], indices[j]) = (indices[j], indices[i])
  }

  private func sink(_ start: Int, _ count: Int) {
    var parent = start
    while true {
      var worst = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < count {
        if precedes(values[worst], indices[worst], values[child], indices[child]) { worst = child }
      }
      if worst == parent { return }
      swap(parent, worst)
      parent = worst
    }
  }

  func select(_ row: UnsafePointer<Float>, _ width: Int) {
    for i in 0..<capacity {
      values[i] = row[i]
      indices[i] = Int64(i)
    }
    for start in stride(from: capacity / 2 - 1, through: 0, by: -1) { sink(start, capacity) }
    for i in capacity..<width where precedes(row[i], Int64(i), values[0], indices[0]) {
      values[0] = row[i]
      indices[0] = Int64(i)
      sink(0, capacity)
    }
    for last in stride(from: capacity - 1, to: 0, by: -1) {
      swap(0, last)
      sink(0, last)
    }
  }
}
