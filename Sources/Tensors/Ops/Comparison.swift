import NumericTypes

/// An order relation between elements. Comparisons with NaN are false, but for ``notEqual``.
public enum Comparison: Sendable, CaseIterable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

  func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
    switch self {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }
}

extension Context {
  /// Whether `a relation b` holds for each pair, broadcast; Bool, through which no gradient goes.
  public func compare(_ a: Tensor, _ relation: Comparison, _ b: Tensor) -> Tensor {
    let (a, b) = (a.detached(), b.detached())
    precondition(
      a.dtype == b.dtype && !a.dtype.isBlockQuantized,
      "cannot compare \(a.dtype.displayName) \(a.shape) with \(b.dtype.displayName) \(b.shape)")
    let shape = broadcastShape(a.shape, b.shape)
    let result = empty(shape, .bool)
    switch a.dtype {
    case .f32, .f16, .bf16: compare(relation, shape, a, b, in: Float.self, to: result)
    case .f64: compare(relation, shape, a, b, in: Double.self, to: result)
    default: compare(relation, shape, a, b, in: Int64.self, to: result)
    }
    return result
  }

  private func compare<Lane: LaneNumber>(
    _ relation: Comparison, _ shape: Shape, _ a: Tensor, _ b: Tensor, in lane: Lane.Type, to result: Tensor
  ) {
    let target = result.pointer(as: UInt8.self)
    pairs(16384, shape, a, b, in: lane, result: .bool) { x, aStep, y, bStep, position, count in
      for i in 0..<count { target[position + i] = relation.holds(x[i * aStep], y[i * bStep]) ? 1 : 0 }
    }
  }

  /// a where `condition` (Bool) holds, b elsewhere; all three broadcast.
  public func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    guard a.isTracked || b.isTracked else { return selected(condition, a, b) }
    return differentiable([a, b]) {
      selected(condition, a, b)
    } backward: { [a = a.shape, b = b.shape] call in
      let context = call.context
      let zero = context.zeros([], call.gradient.dtype)
      return [
        call.wants(0) ? context.sum(context.select(condition, call.gradient, zero), to: a) : nil,
        call.wants(1) ? context.sum(context.select(condition, zero, call.gradient), to: b) : nil,
      ]
    }
  }

  private func selected(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(
      condition.dtype == .bool && a.dtype == b.dtype && !a.dtype.isBlockQuantized,
      "cannot select by \(condition.dtype.displayName) from \(a.dtype.displayName) and \(b.dtype.displayName)")
    let shape = broadcastShape(broadcastShape(a.shape, b.shape), condition.shape)
    let result = empty(shape, a.dtype)
    let walk = ElementWalk(shape, [condition, a, b].map { $0.broadcast(to: shape).strides })
    let (mask, left, right, target) = (condition.pointer, a.pointer, b.pointer, result.pointer)
    let size = a.dtype.blockBytes
    performSpans(walk, grain: 8192, .elementwise, Self.elementwiseCost(shape, a.dtype, operands: 3)) {
      position, length, row, column in
      let starts = (0, 1, 2)
      let m = mask + walk.offset(starts.0, row: row) + column * walk.innerStrides[0]
      let x = left + (walk.offset(starts.1, row: row) + column * walk.innerStrides[1]) * size
      let y = right + (walk.offset(starts.2, row: row) + column * walk.innerStrides[2]) * size
      for i in 0..<length {
        let isChosen = m.load(fromByteOffset: i * walk.innerStrides[0], as: UInt8.self) != 0
        let source = isChosen ? x + i * walk.innerStrides[1] * size : y + i * walk.innerStrides[2] * size
        (target + (position + i) * size).copyMemory(from: source, byteCount: size)
      }
    }
    return result
  }
}
