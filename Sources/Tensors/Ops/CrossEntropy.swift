import CVenturi
import Costs
import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Context {
  /// The mean over rows of log Σ e^logits - logits[target]: the cross-entropy of softmax(logits) [N.., V] with the classes
  /// `targets` [N..], i64 or i32.
  ///
  /// Rows whose target is `ignoring` do not count; where no row counts the value is 0. Neither probabilities nor their
  /// logarithms are there as a whole: the way back makes them again row by row from one number for each.
  ///
  /// - Precondition: every other target is below V.
  /// - Returns: a scalar in the type of `logits`, f32 for narrower ones.
  public func crossEntropy(_ logits: Tensor, _ targets: Tensor, ignoring: Int = -100) -> Tensor {
    precondition(
      logits.shape.rank >= 1 && logits.dtype.isFloatingPoint
        && targets.shape.dimensions == Array(logits.shape.dimensions.dropLast()),
      "the cross-entropy of \(logits.dtype.displayName) \(logits.shape) with \(targets.shape)")
    let lane: DType = logits.dtype == .f64 ? .f64 : .f32
    let x = contiguous(cast(logits, to: lane))
    let classes = contiguous(cast(targets, to: .i64))
    guard x.isTracked else { return CrossEntropy(x.detached(), classes, ignoring, self).value }
    var rows: CrossEntropy?
    return differentiable([x]) {
      let made = CrossEntropy(x.detached(), classes, ignoring, self)
      rows = made
      return made.value
    } backward: { call in
      guard let rows else { preconditionFailure("a cross-entropy without its rows") }
      if call.isRecorded {
        let context = call.context
        let probabilities = context.softmax(x)
        let share = context.multiply(rows.weights(context), call.gradient)
        return [context.multiply(context.subtract(probabilities, rows.hits(context)), share)]
      }
      return [rows.gradient(call.gradient, call.context)]
    }
  }
}

/// Rows of logits with their classes, and log Σ e^x of each.
struct CrossEntropy {
  let x: Tensor
  let classes: Tensor
  let ignoring: Int
  /// The mean over the rows that count.
  let value: Tensor
  /// log Σ e^x, f64 for accuracy beside large logits.
  private let sums: Tensor
  /// The number of rows that count, f64: it may be another when a captured step is replayed.
  private let counted: Tensor

  init(_ x: Tensor, _ classes: Tensor, _ ignoring: Int, _ context: Context) {
    self.x = x
    self.classes = classes
    self.ignoring = ignoring
    sums = context.empty(classes.shape, .f64)
    value = context.empty([], x.dtype)
    counted = context.empty([], .f64)
    withExtendedLifetime(self) {
      if x.dtype == .f64 { run(context, in: Double.self) } else { run(context, in: Float.self) }
    }
  }

  private func run<Lane: LaneNumber & BinaryFloatingPoint & SIMDScalar>(_ context: Context, in: Lane.Type) {
    let losses = context.empty(classes.shape, .f64)
    let (width, rows) = (x.shape.last, classes.count)
    let (from, at, sum) = (
      x.pointer(as: Lane.self), classes.pointer(as: Int64.self), sums.pointer(as: Double.self)
    )
    let (loss, kernels, ignoring) = (losses.pointer(as: Double.self), context.elementwiseKernels, ignoring)
    let cost = OperationCost(
      flops: 3 * Double(x.count), bytesRead: 4 * Double(x.count), bytesWritten: 16 * Double(rows))
    context.performRanges(rows, grain: max(1, 8192 / max(1, width)), .softmax, cost) { range in
      for row in range {
        if at[row] == ignoring {
          (sum[row], loss[row]) = (0, 0)
          continue
        }
        precondition(at[row] >= 0 && at[row] < width, "class \(at[row]) of \(width)")
        let x = from + row * width
        var largest = x[0]
        for i in 1..<max(1, width) where x[i] > largest { largest = x[i] }
        var total = 0.0
        withLanes(Lane.self, runs: 1) { lanes, run in
          var done = 0
          while done < width {
            let some = min(run, width - done)
            for i in 0..<some { lanes[i] = x[done + i] - largest }
            Lane.apply(VT_OP_EXP, kernels, count: some, lanes, lanes)
            total += Double(laneSum(some) { lanes[$0] })
            done += some
          }
        }
        sum[row] = Double(largest) + log(total)
        loss[row] = sum[row] - Double(x[Int(at[row])])
      }
    }
    let (target, counted) = (value.pointer(as: Lane.self), counted.pointer(as: Double.self))
    withExtendedLifetime(losses) {
      context.perform(.reduction, cost: OperatorCost(bytesRead: 8 * Double(rows), bytesWritten: 4)) {
        let total = UnsafeBufferPointer(start: loss, count: rows).reduce(0, +)
        counted[0] = Double(UnsafeBufferPointer(start: at, count: rows).count { $0 != ignoring })
        target[0] = counted[0] == 0 ? 0 : Lane(total / counted[0])
      }
    }
  }

  /// (softmax(x) - hit) · gradient / rows, in one pass.
  func gradient(_ gradient: Tensor, _ context: Context) -> Tensor {
    withExtendedLifetime(self) {
      x.dtype == .f64
        ? self.gradient(gradient, context, in: Double.self) : self.gradient(gradient, context, in: Float.self)
    }
  }

  private func gradient<Lane: LaneNumber & BinaryFloatingPoint>(
    _ gradient: Tensor, _ context: Context, in: Lane.Type
  ) -> Tensor {
    let result = context.empty(x.shape, x.dtype)
    let width = x.shape.last
    let (from, at, sum) = (
      x.pointer(as: Lane.self), classes.pointer(as: Int64.self), sums.pointer(as: Double.self)
    )
    let (g, to, kernels) = (gradient.pointer(as: Lane.self), result.pointer(as: Lane.self), context.elementwiseKernels)
    let (counted, ignoring) = (counted.pointer(as: Double.self), ignoring)
    withExtendedLifetime(gradient) {
      context.performRanges(
        classes.count, grain: max(1, 8192 / max(1, width)), .softmax, Context.rowCost(x.shape)
      ) { range in
        let scale = g[0] / Lane(max(1, counted[0]))
        for row in range {
          let (x, out) = (from + row * width, to + row * width)
          if at[row] == ignoring {
            out.update(repeating: 0, count: width)
            continue
          }
          let shift = Lane(sum[row])
          for i in 0..<width { out[i] = x[i] - shift }
          Lane.apply(VT_OP_EXP, kernels, count: width, out, out)
          for i in 0..<width { out[i] *= scale }
          out[Int(at[row])] -= scale
        }
      }
    }
    return result
  }

  /// 1 / rows for the rows that count and 0 for others, [N.., 1].
  func weights(_ context: Context) -> Tensor {
    let isCounted = context.compare(classes, .notEqual, context.full([], Double(ignoring), .i64))
    let rows = context.maximum(context.cast(counted, to: x.dtype), context.full([], 1, x.dtype))
    let weights = context.divide(context.cast(isCounted, to: x.dtype), rows)
    return weights.reshaped(Shape(classes.shape.dimensions + [1]))
  }

  /// 1 where a row's class is, [N.., V].
  func hits(_ context: Context) -> Tensor {
    let columns = context.arange(x.shape.last, .i64)
    let rows = classes.reshaped(Shape(classes.shape.dimensions + [1]))
    return context.cast(context.compare(columns, .equal, rows), to: x.dtype)
  }
}
