import CVenturi
import Costs
import NumericTypes

extension Context {
  /// The matrix product [.., M, K] · [.., K, N] → [.., M, N] in f32, leading axes broadcast.
  ///
  /// f16 and bf16 operands are converted exactly and summed in f32, two of f64 are summed in f64 by a plain loop; other
  /// types are a programmer's error. A transposed
  /// view `w.transposed()` of a linear layer's [N, K] is read as it lies. Every output is one
  /// chain of fused multiply-adds over k: a row has the same bits whatever the other rows, the layout and the threads.
  public func matmul(_ a: Tensor, _ b: Tensor) -> Tensor {
    a.isTracked || b.isTracked ? recordedMatmul(a, b) : computedMatmul(a, b)
  }

  func computedMatmul(_ a: Tensor, _ b: Tensor) -> Tensor {
    let shape: Shape
    do { shape = try a.shape.matmul(with: b.shape) } catch { preconditionFailure("matmul: \(error)") }
    if a.dtype == .f64, b.dtype == .f64 { return doubleMatmul(a, b, shape) }
    let left = matmulRows(a)
    let right = matmulOperand(b)
    return withExtendedLifetime((left, right)) {
      let c = empty(shape)
      let leading = Array(shape.dimensions.dropLast(2))
      let walk =
        leading.isEmpty
        ? Self.oneMatrix : ElementWalk(Shape(leading), [matrixStrides(left, leading), matrixStrides(right, leading)])
      let n = shape[-1]
      var job = MatmulJob(
        kernels: gemmKernels, a: left.pointer(as: Float.self), b: right.pointer, c: c.pointer(as: Float.self))
      job.m = shape[-2]
      job.n = n
      job.k = a.shape[-1]
      job.lda = left.strides[left.shape.rank - 2]
      let isTransposed = right.strides[right.shape.rank - 1] != 1 && n != 1
      job.layout = isTransposed ? .transposed : .rows
      job.ldb = right.strides[right.shape.rank - (isTransposed ? 1 : 2)]
      job.bType = right.dtype
      job.ldc = n
      run(job, over: walk)
      return c
    }
  }

  /// The product of rows [.., K] with packed panels → [.., N], f32.
  public func matmul(_ a: Tensor, _ b: PackedPanels) -> Tensor {
    precondition(!a.isTracked, "a product with packed panels has no gradient; \(a.shape)'s is recorded")
    precondition(a.shape.rank >= 1 && a.shape.last == b.inner, "matmul: rows of \(a.shape) times \(b.inner) rows")
    let left = contiguous(cast(a, to: .f32))
    return withExtendedLifetime(left) {
      let c = empty(Shape(Array(a.shape.dimensions.dropLast()) + [b.columns]))
      var job = MatmulJob(
        kernels: gemmKernels, a: left.pointer(as: Float.self), b: b.panels.pointer, c: c.pointer(as: Float.self))
      job.m = a.shape.rows
      job.n = b.columns
      job.k = b.inner
      job.lda = b.inner
      job.layout = .panels
      job.bType = b.panels.dtype
      job.ldc = b.columns
      run(job, over: Self.oneMatrix)
      return c
    }
  }

  /// The product in f64, every output a sum over k in order.
  private func doubleMatmul(_ a: Tensor, _ b: Tensor, _ shape: Shape) -> Tensor {
    let (left, right, c) = (contiguous(a), contiguous(b), empty(shape, .f64))
    let leading = Array(shape.dimensions.dropLast(2))
    let walk = ElementWalk(Shape(leading), [matrixStrides(left, leading), matrixStrides(right, leading)])
    let (m, n, k) = (shape[-2], shape[-1], a.shape[-1])
    return withExtendedLifetime((left, right)) {
      let (a, b, to) = (left.pointer(as: Double.self), right.pointer(as: Double.self), c.pointer(as: Double.self))
      let cost = Self.matmulCost(m: m * walk.count, n: n, k: k)
      performRanges(c.count == 0 ? 0 : walk.count * m, grain: max(1, 8192 / max(1, n * k)), .matmul, cost) { rows in
        for index in rows {
          let (matrix, row) = index.quotientAndRemainder(dividingBy: m)
          let (outer, inner) = matrix.quotientAndRemainder(dividingBy: walk.inner)
          let x = a + walk.offset(0, row: outer) + inner * walk.innerStrides[0] + row * k
          let y = b + walk.offset(1, row: outer) + inner * walk.innerStrides[1]
          let out = to + index * n
          out.update(repeating: 0, count: n)
          for step in 0..<k { for column in 0..<n { out[column] += x[step] * y[step * n + column] } }
        }
      }
      return c
    }
  }

  /// What a product of this shape computes and moves at least, with `weights` as the type of B.
  public static func matmulCost(m: Int, n: Int, k: Int, weights: DType = .f32) -> OperationCost {
    OperationCost(
      flops: 2 * Double(m) * Double(n) * Double(k),
      bytesRead: 4 * Double(m) * Double(k) + Double(weights.blockBytes) * Double(k) * Double(n),
      bytesWritten: 4 * Double(m) * Double(n))
  }

  /// The walk over no leading axes, made once: a product of one row takes only microseconds.
  private static let oneMatrix = ElementWalk([], [[], []])

  /// Runs a job for each matrix of a batch; `walk` has the leading axes, in elements of A and B.
  private func run(_ job: MatmulJob, over walk: ElementWalk) {
    let batch = walk.count
    if job.m * job.n * batch == 0 { return }
    let threads = workers.count
    let width = job.itemColumns(threads: batch >= 2 * threads ? 1 : threads)
    let perMatrix = (job.n + width - 1) / width
    var job = job
    job.width = width
    job.scratchStride = job.scratchFloats
    let scratch = job.scratchStride > 0 ? empty([job.scratchStride * threads]) : nil
    withExtendedLifetime(scratch) {
      job.scratch = scratch?.pointer(as: Float.self)
      let workers = workers
      let (a, b, c, size) = (job.a, job.b, job.c, job.bType.blockBytes)
      let each = Self.matmulCost(m: job.m, n: job.n, k: job.k, weights: job.bType)
      let cost = OperationCost(
        flops: each.flops * Double(batch), bytesRead: each.bytesRead * Double(batch),
        bytesWritten: each.bytesWritten * Double(batch))
      perform(.matmul, cost: OperatorCost(cost)) {
        workers.run(batch * perMatrix) { [job] item, worker in
          var job = job
          let (matrix, part) = item.quotientAndRemainder(dividingBy: perMatrix)
          let (row, column) = matrix.quotientAndRemainder(dividingBy: walk.inner)
          job.a = a + walk.offset(0, row: row) + column * walk.innerStrides[0]
          job.b = b + (walk.offset(1, row: row) + column * walk.innerStrides[1]) * size
          job.c = c + matrix * job.m * job.n
          job.run(item: part, worker: worker)
        }
      }
    }
  }

  /// The strides of the leading axes, broadcast to `leading`.
  private func matrixStrides(_ x: Tensor, _ leading: [Int]) -> [Int] {
    let missing = leading.count - (x.shape.rank - 2)
    return leading.indices.map { axis in
      axis < missing || x.shape[axis - missing] == 1 ? 0 : x.strides[axis - missing]
    }
  }

  /// A as f32 whose last axis has no gaps.
  private func matmulRows(_ a: Tensor) -> Tensor {
    let rows = cast(a, to: .f32)
    let last = rows.shape.rank - 1
    return rows.strides[last] == 1 || rows.shape.last == 1 && rows.isContiguous ? rows : copy(rows)
  }

  /// B as f32, f16 or bf16 where one of the last two axes has no gaps.
  func matmulOperand(_ b: Tensor) -> Tensor {
    precondition(
      b.dtype == .f32 || b.dtype == .f16 || b.dtype == .bf16, "matmul does not take \(b.dtype.displayName) \(b.shape)")
    let rank = b.shape.rank
    return b.strides[rank - 1] == 1 || (b.strides[rank - 2] == 1 && b.shape[-1] != 1) ? b : copy(b)
  }
}
