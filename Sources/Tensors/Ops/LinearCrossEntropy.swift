import NumericTypes

extension Context {
  /// ``crossEntropy(_:_:ignoring:)`` of the logits x Wᵀ, x [N, D], W [V, D], without all logits in memory at once.
  ///
  /// Rows are taken in blocks of about 2²⁰ logits; of each block forward makes the gradients at once, so that the way back only
  /// scales them.
  ///
  /// - Precondition: x is f32, W f32 or bf16, or both are f64; `targets` [N], i64 or i32, each `ignoring` or below V.
  public func linearCrossEntropy(_ x: Tensor, _ w: Tensor, _ targets: Tensor, ignoring: Int = -100) -> Tensor {
    precondition(
      x.shape.rank == 2 && w.shape.rank == 2 && x.shape[1] == w.shape[1]
        && (x.dtype == .f32 && (w.dtype == .f32 || w.dtype == .bf16) || x.dtype == .f64 && w.dtype == .f64)
        && targets.shape.dimensions == [x.shape[0]],
      "the cross-entropy of \(x.dtype.displayName) \(x.shape), \(w.dtype.displayName) \(w.shape) and \(targets.shape)")
    let classes = contiguous(cast(targets, to: .i64))
    let head = LinearCrossEntropy(x: contiguous(x), w: w, classes: classes, ignoring: ignoring)
    // A matrix that is frozen costs no product for its gradient, and no memory.
    let wanted = [x.isTracked, w.isTracked]
    guard wanted.contains(true) else { return head.value(self, wanted).value }
    var made: [Tensor?] = []
    return differentiable([head.x, w]) {
      let (value, gradients) = head.value(self, wanted)
      made = gradients
      return value
    } backward: { call in
      let context = call.context
      if call.isRecorded { return head.composed(call) }
      defer { made = [] }
      guard made.count == 2 else { preconditionFailure("a cross-entropy whose gradient went back before") }
      let isOne = context.scalar(call.gradient) == 1
      return made.enumerated().map { index, gradient in
        guard call.wants(index), let gradient else { return nil }
        let scaled = isOne ? gradient : context.multiply(gradient, call.gradient)
        return context.cast(scaled, to: index == 0 ? x.dtype : w.dtype)
      }
    }
  }
}

extension Context {
  /// The number in a scalar.
  fileprivate func scalar(_ x: Tensor) -> Double {
    let wide = cast(x.detached(), to: .f64)
    return withExtendedLifetime(wide) { wide.pointer(as: Double.self)[0] }
  }
}

/// Rows, a matrix and classes.
private struct LinearCrossEntropy {
  let x: Tensor
  let w: Tensor
  let classes: Tensor
  let ignoring: Int

  /// The mean over the rows that count, and the gradients of x and W that are wanted, in the type of x.
  func value(_ context: Context, _ wanted: [Bool]) -> (value: Tensor, gradients: [Tensor?]) {
    let (x, w) = (x.detached(), w.detached())
    let (rows, width, vocabulary) = (x.shape[0], x.shape[1], w.shape[0])
    let block = max(16, (1 << 20) / max(1, vocabulary))
    let counted = Array(UnsafeBufferPointer(start: classes.pointer(as: Int64.self), count: rows)).map { $0 != ignoring }
    let total = counted.count { $0 }
    var gw: Tensor?
    let gx = wanted[0] ? context.empty(x.shape, x.dtype) : nil
    var sum = 0.0
    for start in stride(from: 0, to: rows, by: block) {
      let range = start..<min(rows, start + block)
      let part = x.sliced(axis: 0, range)
      let logits = context.matmul(part, w.transposed())
      let entropy = CrossEntropy(logits, classes.sliced(axis: 0, range), ignoring, context)
      let count = counted[range].count { $0 }
      sum += context.scalar(entropy.value) * Double(count)
      if !wanted.contains(true) { continue }
      let share = context.full([], total == 0 ? 0 : Double(count) / Double(total), x.dtype)
      let g = entropy.gradient(share, context)
      if let gx {
        let ofRows = context.matmul(g, w)
        withExtendedLifetime((gx, ofRows)) {
          let bytes = x.dtype.blockBytes
          (gx.pointer + start * width * bytes).copyMemory(
            from: ofRows.pointer, byteCount: range.count * width * bytes)
        }
      }
      guard wanted[1] else { continue }
      let ofMatrix = context.matmul(g.transposed(), part)
      gw = gw.map { context.add($0, ofMatrix) } ?? ofMatrix
    }
    let value = context.full([], total == 0 ? 0 : sum / Double(total), x.dtype)
    return (value, [gx, wanted[1] ? gw ?? context.zeros(w.shape, x.dtype) : nil])
  }

  /// The gradients by operators on all logits.
  func composed(_ call: BackwardCall) -> [Tensor?] {
    let context = call.context
    let logits = context.matmul(x, w.transposed())
    let entropy = CrossEntropy(logits.detached(), classes, ignoring, context)
    let share = context.multiply(entropy.weights(context), call.gradient)
    let g = context.multiply(context.subtract(context.softmax(logits), entropy.hits(context)), share)
    return [
      call.wants(0) ? context.matmul(g, w) : nil,
      call.wants(1) ? context.cast(context.matmul(g.transposed(), x), to: w.dtype) : nil,
    ]
  }
}
