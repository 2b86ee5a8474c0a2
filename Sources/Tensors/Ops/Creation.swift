import Costs
import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Context {
  /// What filling a tensor moves.
  public static func fillCost(_ shape: Shape, _ dtype: DType) -> OperationCost {
    OperationCost(bytesWritten: Double(shape.count * dtype.blockBytes))
  }

  /// A tensor of zeros.
  public func zeros(_ shape: Shape, _ dtype: DType = .f32) -> Tensor {
    precondition(!dtype.isBlockQuantized, "no quantised tensor of zeros \(shape)")
    let y = empty(shape, dtype)
    let target = y.pointer
    performRanges(shape.count, grain: 1 << 16, .fill, Self.fillCost(shape, dtype)) { [size = dtype.blockBytes] range in
      (target + range.lowerBound * size).initializeMemory(as: UInt8.self, repeating: 0, count: range.count * size)
    }
    return y
  }

  /// A tensor that holds one value everywhere, rounded to the type.
  public func full(_ shape: Shape, _ value: Double, _ dtype: DType = .f32) -> Tensor {
    generate(shape, dtype) { _ in value }
  }

  /// [start, start + step, …], `count` numbers.
  public func arange(_ count: Int, start: Double = 0, step: Double = 1, _ dtype: DType = .f32) -> Tensor {
    generate([count], dtype) { start + Double($0) * step }
  }

  /// Numbers uniform in [low, high); drawn in order, one position of `random` each.
  public func uniform(
    _ shape: Shape, low: Double = 0, high: Double = 1, _ dtype: DType = .f32, random: inout Random
  ) -> Tensor {
    let source = random
    random.position &+= UInt64(shape.count)
    return generate(shape, dtype) { index in
      var random = source
      random.position &+= UInt64(index)
      return low + random.uniform() * (high - low)
    }
  }

  /// Numbers from the normal distribution by the Box-Muller transform; two positions of `random` each.
  public func normal(
    _ shape: Shape, mean: Double = 0, deviation: Double = 1, _ dtype: DType = .f32, random: inout Random
  ) -> Tensor {
    let source = random
    random.position &+= 2 * UInt64(shape.count)
    return generate(shape, dtype) { index in
      var random = source
      random.position &+= 2 * UInt64(index)
      return mean + deviation * standardNormal(&random)
    }
  }

  /// A tensor from an array, row-major.
  ///
  /// - Precondition: as many numbers as the shape has elements.
  public func tensor(_ values: [Float], _ shape: Shape? = nil) -> Tensor {
    let shape = shape ?? [values.count]
    precondition(values.count == shape.count, "\(values.count) numbers for \(shape)")
    let y = empty(shape)
    values.withUnsafeBufferPointer { buffer in
      if let base = buffer.baseAddress { y.pointer(as: Float.self).update(from: base, count: buffer.count) }
    }
    return y
  }

  /// The tensors one behind the other along `axis`.
  ///
  /// - Precondition: one element type and, but for `axis`, one shape; at least one tensor.
  public func concatenate(_ parts: [Tensor], axis: Int = 0) -> Tensor {
    guard let first = parts.first else { preconditionFailure("nothing to concatenate") }
    let axis = axis < 0 ? axis + first.shape.rank : axis
    precondition(axis >= 0 && axis < first.shape.rank, "axis \(axis) is outside \(first.shape)")
    precondition(!first.dtype.isBlockQuantized, "\(first.dtype.displayName) tensors are not concatenated")
    var extents = first.shape.dimensions
    extents[axis] = 0
    for part in parts {
      var other = part.shape.dimensions
      precondition(
        part.dtype == first.dtype && other.count == extents.count, "cannot concatenate \(first.shape) and \(part.shape)"
      )
      let extent = other[axis]
      other[axis] = extents[axis]
      precondition(other == extents, "cannot concatenate \(first.shape) and \(part.shape) along axis \(axis)")
      extents[axis] += extent
    }
    guard parts.contains(where: \.isTracked) else { return joined(parts, axis, extents) }
    return differentiable(parts) {
      joined(parts, axis, extents)
    } backward: { [extents = parts.map { $0.shape[axis] }] call in
      var start = 0
      return extents.indices.map { index in
        defer { start += extents[index] }
        return call.wants(index) ? call.gradient.sliced(axis: axis, start..<start + extents[index]) : nil
      }
    }
  }

  private func joined(_ parts: [Tensor], _ axis: Int, _ extents: [Int]) -> Tensor {
    let (first, y) = (parts[0], empty(Shape(extents), parts[0].dtype))
    let size = first.dtype.blockBytes
    let outer = extents[..<axis].reduce(1, *)
    let inner = extents[(axis + 1)...].reduce(size, *)
    var start = 0
    for part in parts {
      let source = contiguous(part)
      withExtendedLifetime(source) {
        let bytes = part.shape[axis] * inner
        let (from, to, stride) = (source.pointer, y.pointer + start * inner, extents[axis] * inner)
        let cost = Self.copyCost(part.shape, part.dtype, part.dtype)
        performRanges(bytes == 0 ? 0 : outer, grain: max(1, (1 << 16) / max(1, bytes)), .copy, cost) { rows in
          for row in rows { (to + row * stride).copyMemory(from: from + row * bytes, byteCount: bytes) }
        }
      }
      start += part.shape[axis]
    }
    return y
  }

  /// A tensor of zeros of `shape` with `x` at the positions from `start` on along `axis`: the way back of a slice.
  func padded(_ x: Tensor, to shape: Shape, axis: Int, at start: Int) -> Tensor {
    guard x.isTracked else { return placed(x, shape, axis, start) }
    return differentiable([x]) {
      placed(x, shape, axis, start)
    } backward: { [count = x.shape[axis]] call in
      [call.gradient.sliced(axis: axis, start..<start + count)]
    }
  }

  private func placed(_ x: Tensor, _ shape: Shape, _ axis: Int, _ start: Int) -> Tensor {
    if x.shape == shape { return x }
    let y = zeros(shape, x.dtype)
    let source = contiguous(x)
    return withExtendedLifetime(source) {
      let outer = shape.dimensions[..<axis].reduce(1, *)
      let inner = shape.dimensions[(axis + 1)...].reduce(x.dtype.blockBytes, *)
      let (bytes, stride) = (x.shape[axis] * inner, shape[axis] * inner)
      let (from, to) = (source.pointer, y.pointer + start * inner)
      let cost = Self.copyCost(x.shape, x.dtype, x.dtype)
      performRanges(bytes == 0 ? 0 : outer, grain: max(1, (1 << 16) / max(1, bytes)), .copy, cost) { rows in
        for row in rows { (to + row * stride).copyMemory(from: from + row * bytes, byteCount: bytes) }
      }
      return y
    }
  }

  func generate(_ shape: Shape, _ dtype: DType, _ value: @escaping (Int) -> Double) -> Tensor {
    precondition(!dtype.isBlockQuantized, "\(dtype.displayName) tensors are not generated")
    let y = empty(shape, dtype)
    let target = y.pointer
    func fill<Lane: LaneNumber>(_: Lane.Type, _ convert: @escaping (Double) -> Lane) {
      performRanges(shape.count, grain: 4096, .fill, Self.fillCost(shape, dtype)) { range in
        withLanes(Lane.self, runs: 1) { lanes, run in
          var position = range.lowerBound
          while position < range.upperBound {
            let some = min(run, range.upperBound - position)
            for i in 0..<some { lanes[i] = convert(value(position + i)) }
            Lane.store(dtype, lanes, count: some, to: target + position * dtype.blockBytes)
            position += some
          }
        }
      }
    }
    switch dtype {
    case .f32, .f16, .bf16: fill(Float.self) { Float($0) }
    case .f64: fill(Double.self) { $0 }
    case .bool: fill(Int64.self) { $0 == 0 ? 0 : 1 }
    default: fill(Int64.self, integer)
    }
    return y
  }
}

private func standardNormal(_ random: inout Random) -> Double {
  let radius = (-2 * log(1 - random.uniform())).squareRoot()
  return radius * cos(2 * Double.pi * random.uniform())
}
