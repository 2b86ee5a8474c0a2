import Costs
import NumericTypes

/// How a tensor is read between its elements.
public enum Interpolation: Sendable, Hashable {
  /// The element in whose cell a position lies.
  case nearest
  /// The two elements on both sides of it, by distance; at the edges the last one.
  case linear
}

extension Context {
  /// x [N, C, ..] with other extents of its last axes, bilinear for two of them.
  ///
  /// Position o of an axis reads at (o + ½) · before / after - ½ of it, with `alignsCorners` at o · (before - 1) / (after - 1).
  /// The nearest element is that at ⌊o · before / after⌋.
  ///
  /// - Precondition: x is floating-point; as many extents as x has axes at most, none of them 0 unless x's own is.
  public func interpolate(
    _ x: Tensor, to extents: [Int], _ interpolation: Interpolation = .linear, alignsCorners: Bool = false
  ) -> Tensor {
    precondition(
      extents.count <= x.shape.rank && x.dtype.isFloatingPoint && extents.allSatisfy { $0 >= 0 },
      "\(x.dtype.displayName) \(x.shape) with extents \(extents)")
    var y = x
    for (index, extent) in extents.enumerated() {
      let axis = x.shape.rank - extents.count + index
      if x.shape[axis] == extent { continue }
      precondition(x.shape[axis] > 0, "\(x.shape) has nothing to read along axis \(axis)")
      y = mixed(y, AxisMix(x.shape[axis], to: extent, interpolation, alignsCorners: alignsCorners), axis)
    }
    return y
  }

  /// Each position along an axis a weighted sum of others.
  private func mixed(_ x: Tensor, _ mix: AxisMix, _ axis: Int) -> Tensor {
    guard x.isTracked else { return computedMix(x, mix, axis) }
    return differentiable([x]) {
      computedMix(x.detached(), mix, axis)
    } backward: { call in
      [call.context.mixed(call.gradient, mix.transposed(), axis)]
    }
  }

  private func computedMix(_ x: Tensor, _ mix: AxisMix, _ axis: Int) -> Tensor {
    x.dtype == .f64
      ? computedMix(x, mix, axis, .f64, in: Double.self)
      : cast(computedMix(x, mix, axis, .f32, in: Float.self), to: x.dtype)
  }

  private func computedMix<Lane: LaneNumber & BinaryFloatingPoint>(
    _ x: Tensor, _ mix: AxisMix, _ axis: Int, _ lane: DType, in: Lane.Type
  ) -> Tensor {
    let source = contiguous(cast(x, to: lane))
    var extents = x.shape.dimensions
    let outer = extents[..<axis].reduce(1, *)
    let inner = extents[(axis + 1)...].reduce(1, *)
    extents[axis] = mix.outputs
    let y = empty(Shape(extents), lane)
    withExtendedLifetime(source) {
      let (from, to) = (source.pointer(as: Lane.self), y.pointer(as: Lane.self))
      let weights = mix.weights.map { Lane($0) }
      let cost = OperationCost(
        flops: 4 * Double(y.count), bytesRead: 4 * Double(x.count), bytesWritten: 4 * Double(y.count))
      performRanges(y.count == 0 ? 0 : outer * mix.outputs, grain: max(1, 16384 / max(1, inner)), .copy, cost) { rows in
        for row in rows {
          let (block, position) = row.quotientAndRemainder(dividingBy: mix.outputs)
          let target = to + row * inner
          let terms = mix.starts[position]..<mix.starts[position + 1]
          if terms.isEmpty { target.update(repeating: 0, count: inner) }
          for term in terms {
            let (source, weight) = (from + (block * mix.inputs + mix.places[term]) * inner, weights[term])
            if term == terms.lowerBound {
              for i in 0..<inner { target[i] = weight * source[i] }
            } else {
              for i in 0..<inner { target[i] += weight * source[i] }
            }
          }
        }
      }
    }
    return y
  }
}

/// For each position along an axis the positions that it sums and their weights, one list behind the other.
private struct AxisMix: Sendable {
  let inputs: Int
  let outputs: Int
  /// Where the list of each output begins, and the end of the last.
  private(set) var starts = [0]
  private(set) var places: [Int] = []
  private(set) var weights: [Double] = []

  private init(_ inputs: Int, _ lists: [[(Int, Double)]]) {
    self.inputs = inputs
    outputs = lists.count
    for list in lists {
      places += list.map(\.0)
      weights += list.map(\.1)
      starts.append(places.count)
    }
  }

  init(_ inputs: Int, to outputs: Int, _ interpolation: Interpolation, alignsCorners: Bool) {
    let lists = (0..<outputs).map { position -> [(Int, Double)] in
      if interpolation == .nearest {
        // In whole numbers: exact however large.
        let (high, low) = position.multipliedFullWidth(by: inputs)
        return [(outputs.dividingFullWidth((high, low)).quotient, 1)]
      }
      let place =
        alignsCorners
        ? (outputs == 1 ? 0 : Double(position) * Double(inputs - 1) / Double(outputs - 1))
        : max(0, (Double(position) + 0.5) * Double(inputs) / Double(outputs) - 0.5)
      let first = min(Int(place), inputs - 1)
      let share = place - Double(first)
      return first + 1 < inputs && share > 0 ? [(first, 1 - share), (first + 1, share)] : [(first, 1)]
    }
    self.init(inputs, lists)
  }

  /// What the gradient takes: each input the outputs that read it, in their order.
  func transposed() -> AxisMix {
    var lists = [[(Int, Double)]](repeating: [], count: inputs)
    for output in 0..<outputs {
      for term in starts[output]..<starts[output + 1] { lists[places[term]].append((output, weights[term])) }
    }
    return AxisMix(outputs, lists)
  }
}
