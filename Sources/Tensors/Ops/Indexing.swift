import CVenturi
import Costs
import NumericTypes

// Rows by index. Indices are i64 or i32 and are checked by the operators: one outside is a programmer's error here, so
// indices from a request are validated before they become a tensor.

extension Context {
  /// The rows of `table` [R, ..] at `indices` [I..] → [I.., ..]. A block-quantised table gives f32 rows.
  public func gather(_ table: Tensor, _ indices: Tensor) -> Tensor {
    guard table.isTracked else { return gathered(table, indices) }
    return differentiable([table]) {
      gathered(table, indices)
    } backward: { [shape = table.shape] call in
      let context = call.context
      let rows = Shape([indices.count] + shape.dimensions.dropFirst())
      let zeros = context.zeros(shape, call.gradient.dtype)
      let positions = context.contiguous(indices).reshaped([indices.count])
      return [context.scatterAdd(zeros, positions, context.contiguous(call.gradient).reshaped(rows))]
    }
  }

  private func gathered(_ table: Tensor, _ indices: Tensor) -> Tensor {
    precondition(table.shape.rank >= 1, "rows of a scalar")
    let source = contiguous(table)
    let positions = contiguous(cast(indices, to: .i64))
    return withExtendedLifetime((source, positions)) {
      let isDecoded = table.dtype.isBlockQuantized
      let y = empty(
        Shape(indices.shape.dimensions + table.shape.dimensions.dropFirst()), isDecoded ? .f32 : table.dtype)
      let count = table.shape[0]
      let (from, to, index) = (source.pointer, y.pointer, positions.pointer(as: Int64.self))
      let width = table.shape.dimensions.dropFirst().reduce(1, *)
      let (dtype, bytes) = (table.dtype, width / table.dtype.blockLength * table.dtype.blockBytes)
      let cost = OperationCost(
        bytesRead: Double(indices.count * (bytes + 8)), bytesWritten: Double(y.count * y.dtype.blockBytes))
      performRanges(y.count == 0 ? 0 : indices.count, grain: max(1, 16384 / max(1, width)), .gather, cost) { items in
        for item in items {
          let row = Int(index[item])
          precondition(row >= 0 && row < count, "row \(row) of a table of \(count)")
          if isDecoded {
            decodeRow(
              dtype, count: width, from: from + row * bytes, to: to.assumingMemoryBound(to: Float.self) + item * width)
          } else {
            (to + item * bytes).copyMemory(from: from + row * bytes, byteCount: bytes)
          }
        }
      }
      return y
    }
  }

  /// A copy of `base` [R, ..] whose rows at `indices` [I] are those of `rows` [I, ..]; where an index repeats, the last
  /// one holds.
  public func scatter(_ base: Tensor, _ indices: Tensor, _ rows: Tensor) -> Tensor {
    guard base.isTracked || rows.isTracked else { return scattered(base, indices, rows) }
    return differentiable([base, rows]) {
      scattered(base, indices, rows)
    } backward: { [shape = rows.shape] call in
      let context = call.context
      let (gradient, zeros) = (call.gradient, context.zeros(shape, call.gradient.dtype))
      let holds = context.lastOccurrences(indices).reshaped(
        Shape([indices.count] + [Int](repeating: 1, count: shape.rank - 1)))
      return [
        call.wants(0) ? context.scatter(gradient, indices, zeros) : nil,
        call.wants(1) ? context.select(holds, context.gather(gradient, indices), zeros) : nil,
      ]
    }
  }

  /// For each index whether none of those behind it is the same.
  private func lastOccurrences(_ indices: Tensor) -> Tensor {
    let positions = contiguous(cast(indices, to: .i64))
    return withExtendedLifetime(positions) {
      let y = empty([indices.count], .bool)
      let (index, to) = (positions.pointer(as: Int64.self), y.pointer(as: UInt8.self))
      let count = indices.count
      perform(.gather, cost: OperatorCost(bytesRead: 8 * Double(count), bytesWritten: Double(count))) {
        var seen: Set<Int64> = []
        for item in (0..<count).reversed() { to[item] = seen.insert(index[item]).inserted ? 1 : 0 }
      }
      return y
    }
  }

  private func scattered(_ base: Tensor, _ indices: Tensor, _ rows: Tensor) -> Tensor {
    scatter(base, indices, rows) { dtype, count, source, target in
      target.copyMemory(from: source, byteCount: count * dtype.blockBytes)
    }
  }

  /// A copy of `base` [R, ..] with `rows` [I, ..] added to the rows at `indices` [I], in the order of the indices.
  public func scatterAdd(_ base: Tensor, _ indices: Tensor, _ rows: Tensor) -> Tensor {
    guard base.isTracked || rows.isTracked else { return scatteredSum(base, indices, rows) }
    return differentiable([base, rows]) {
      scatteredSum(base, indices, rows)
    } backward: { call in
      [call.gradient, call.wants(1) ? call.context.gather(call.gradient, indices) : nil]
    }
  }

  private func scatteredSum(_ base: Tensor, _ indices: Tensor, _ rows: Tensor) -> Tensor {
    let kernels = elementwiseKernels
    return scatter(base, indices, rows) { dtype, count, source, target in
      switch dtype {
      case .f32: addLanes(Float.self, dtype, count, source, target)
      case .f16, .bf16: addLanes(Float.self, dtype, count, source, target)
      case .f64: addLanes(Double.self, dtype, count, source, target)
      default: addLanes(Int64.self, dtype, count, source, target)
      }
    }
    func addLanes<Lane: LaneNumber>(
      _: Lane.Type, _ dtype: DType, _ count: Int, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
    ) {
      withLanes(Lane.self, runs: 2) { lanes, run in
        var done = 0
        while done < count {
          let some = min(run, count - done)
          let offset = done * dtype.blockBytes
          Lane.load(dtype, target + offset, stride: 1, count: some, to: lanes)
          Lane.load(dtype, source + offset, stride: 1, count: some, to: lanes + run)
          Lane.apply(VT_OP_ADD, kernels, count: some, lanes, 1, lanes + run, 1, lanes)
          Lane.store(dtype, lanes, count: some, to: target + offset)
          done += some
        }
      }
    }
  }

  private func scatter(
    _ base: Tensor, _ indices: Tensor, _ rows: Tensor,
    _ write: @escaping (DType, Int, UnsafeRawPointer, UnsafeMutableRawPointer) -> Void
  ) -> Tensor {
    precondition(
      base.shape.rank >= 1 && base.dtype == rows.dtype && !base.dtype.isBlockQuantized && indices.shape.rank == 1
        && rows.shape.dimensions == indices.shape.dimensions + base.shape.dimensions.dropFirst(),
      "cannot scatter \(rows.dtype.displayName) \(rows.shape) at \(indices.shape) into \(base.shape)")
    let source = contiguous(rows)
    let positions = contiguous(cast(indices, to: .i64))
    return withExtendedLifetime((source, positions)) {
      let y = copy(base)
      let width = base.shape.dimensions.dropFirst().reduce(1, *)
      let (dtype, bytes, limit, count) = (base.dtype, width * base.dtype.blockBytes, base.shape[0], indices.count)
      let (from, to, index) = (source.pointer, y.pointer, positions.pointer(as: Int64.self))
      let moved = Double(count * bytes)
      perform(.scatter, cost: OperatorCost(bytesRead: moved + 8 * Double(count), bytesWritten: moved)) {
        for item in 0..<count {
          let row = Int(index[item])
          precondition(row >= 0 && row < limit, "row \(row) of a table of \(limit)")
          write(dtype, width, from + item * bytes, to + row * bytes)
        }
      }
      return y
    }
  }
}
