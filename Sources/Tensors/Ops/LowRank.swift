// Hu et al.: LoRA, 2021 (https://arxiv.org/abs/2106.09685); many adapters in one batch as in Chen et al.: Punica, 2023
// (https://arxiv.org/abs/2310.18547), and Sheng et al.: S-LoRA, 2023 (https://arxiv.org/abs/2311.03285).

import CVenturi
import Costs
import NumericTypes

/// The changes of products of the same rows, as one operator of two forks.
private final class LowRankCall {
  typealias Part = (site: Int, y: UnsafeMutablePointer<Float>, outFeatures: Int, chunks: Int)

  private let kernels: UnsafePointer<vt_gemm_kernels>
  private let x: UnsafePointer<Float>
  private let inFeatures: Int
  private let rows: Int
  private let parts: [Part]
  private let table: LowRankRows
  private let kind: LowRankRows.Part
  /// The output chunks of all parts.
  private let chunks: Int
  /// Below so many products of two numbers a fork costs more than it saves.
  private static let alone = 1 << 14

  init(
    _ kernels: UnsafePointer<vt_gemm_kernels>, _ x: Tensor, _ parts: [Part], _ table: LowRankRows,
    _ kind: LowRankRows.Part
  ) {
    self.kernels = kernels
    self.x = UnsafePointer(x.pointer(as: Float.self))
    inFeatures = x.shape[1]
    rows = x.shape[0]
    self.parts = parts
    self.table = table
    self.kind = kind
    chunks = parts.reduce(0) { $0 + $1.chunks }
  }

  private func site(_ block: LowRankRows.Block, _ part: Int) -> LowRankMatrix? {
    table.sets[block.set].sites[parts[part].site]
  }

  /// Where the rows of a part between A and B are.
  private func middle(_ part: Int, _ row: Int) -> UnsafeMutablePointer<Float> {
    table.scratch + (part * rows + row) * table.rank
  }

  /// The work of a step, in products of two numbers, of A and of B.
  func work() -> (a: Int, b: Int) {
    var work = (a: 0, b: 0)
    for block in table.blocks(kind) {
      for part in parts.indices {
        guard let matrix = site(block, part) else { continue }
        work.a += block.rows * matrix.paddedRank * inFeatures
        work.b += block.rows * matrix.rank * matrix.outFeatures
      }
    }
    return work
  }

  func run(_ workers: Workers, _ first: WorkerJob, _ second: WorkerJob) {
    let blocks = table.blocks(kind).count
    if blocks == 0 { return }
    let work = work()
    Self.run(blocks * parts.count, alone: work.a < Self.alone, workers, first)
    Self.run(blocks * chunks, alone: work.b < Self.alone, workers, second)
  }

  private static func run(_ items: Int, alone: Bool, _ workers: Workers, _ job: WorkerJob) {
    if alone {
      for item in 0..<items { job.body(item, 0) }
    } else {
      workers.run(items, job)
    }
  }

  /// s · x Aᵀ of a block's rows for one part.
  func multiplyA(_ item: Int) {
    let (index, part) = item.quotientAndRemainder(dividingBy: parts.count)
    let block = table.blocks(kind)[index]
    guard let matrix = site(block, part) else { return }
    let (source, target) = (x + block.first * inFeatures, middle(part, block.first))
    let (count, rank, k) = (Int32(block.rows), Int32(matrix.paddedRank), Int32(inFeatures))
    let (ldx, ldu) = (Int64(inFeatures), Int64(table.rank))
    switch matrix.dtype {
    case .f16:
      let a = matrix.a.assumingMemoryBound(to: UInt16.self)
      kernels.pointee.direct_f16(VT_FAR, count, rank, k, source, ldx, a, ldx, target, ldu)
    case .bf16:
      let a = matrix.a.assumingMemoryBound(to: UInt16.self)
      kernels.pointee.direct_bf16(VT_FAR, count, rank, k, source, ldx, a, ldx, target, ldu)
    default:
      let a = matrix.a.assumingMemoryBound(to: Float.self)
      kernels.pointee.direct_f32(VT_FAR, count, rank, k, source, ldx, a, ldx, target, ldu)
    }
    for row in 0..<block.rows {
      let values = target + row * table.rank
      for r in 0..<matrix.rank { values[r] *= matrix.scale }
    }
  }

  /// y += u Bᵀ of a block's rows for a chunk of one part's columns.
  func multiplyB(_ item: Int, _ worker: Int) {
    let (index, rest) = item.quotientAndRemainder(dividingBy: chunks)
    let block = table.blocks(kind)[index]
    var (part, chunk) = (0, rest)
    while chunk >= parts[part].chunks {
      chunk -= parts[part].chunks
      part += 1
    }
    guard let matrix = site(block, part) else { return }
    let first = chunk * LowRankRows.columns
    let width = matrix.outFeatures
    let columns = min(LowRankRows.columns, width - first)
    let tile = table.tiles + worker * LowRankRows.blockRows * LowRankRows.columns
    let source = UnsafePointer(middle(part, block.first))
    let (count, some, k) = (Int32(block.rows), Int32(columns), Int32(matrix.rank))
    let (ldu, ldb, ldc) = (Int64(table.rank), Int64(width), Int64(LowRankRows.columns))
    switch matrix.dtype {
    case .f16:
      let b = matrix.transposedB.assumingMemoryBound(to: UInt16.self) + first
      kernels.pointee.sweep_f16(count, some, k, source, ldu, b, ldb, tile, ldc)
    case .bf16:
      let b = matrix.transposedB.assumingMemoryBound(to: UInt16.self) + first
      kernels.pointee.sweep_bf16(count, some, k, source, ldu, b, ldb, tile, ldc)
    default:
      let b = matrix.transposedB.assumingMemoryBound(to: Float.self) + first
      kernels.pointee.sweep_f32(count, some, k, source, ldu, b, ldb, tile, ldc)
    }
    for row in 0..<block.rows {
      let target = parts[part].y + (block.first + row) * width + first
      let sums = tile + row * LowRankRows.columns
      for column in 0..<columns { target[column] += sums[column] }
    }
  }

  /// What a run costs with the rows in force.
  func cost() -> OperatorCost {
    var (read, written) = (0.0, 0.0)
    var resident = 0.0
    for block in table.blocks(kind) {
      for part in parts.indices {
        guard let matrix = site(block, part) else { continue }
        let weights = Double(
          (matrix.paddedRank * inFeatures + matrix.rank * matrix.outFeatures) * matrix.dtype.blockBytes)
        resident += weights
        read += weights + 4 * Double(block.rows * (inFeatures + matrix.outFeatures))
        written += 4 * Double(block.rows * matrix.outFeatures)
      }
    }
    let work = work()
    return OperatorCost(
      flops: 2 * Double(work.a + work.b), bytesRead: read, bytesWritten: written, residentBytes: resident)
  }
}

extension Context {
  /// y += s · (x Aᵀ) Bᵀ of each row's own adapter for up to four matrices that read the same rows; rows without an adapter,
  /// and matrices that an adapter leaves as they are, cost nothing.
  ///
  /// Neighbouring rows of one adapter are computed together. A row's result does not depend on the other rows, their
  /// adapters or the number of threads: both products are chains in the order of their inner axis.
  ///
  /// - Parameters:
  ///   - x: [rows, inFeatures].
  ///   - parts: the matrices' numbers in a ``LowRankSet``, and what is added to, [rows, outFeatures].
  ///   - rows: which rows have which adapter; read when the operator runs.
  ///   - kind: which rows of the step these are.
  /// - Precondition: all are contiguous f32 matrices with as many rows.
  public func addLowRank(
    _ x: Tensor, to parts: [(site: Int, y: Tensor)], rows: LowRankRows, of kind: LowRankRows.Part = .all
  ) {
    precondition(
      x.dtype == .f32 && x.shape.rank == 2 && x.isContiguous && parts.count <= 4
        && parts.allSatisfy {
          $0.y.dtype == .f32 && $0.y.isContiguous && $0.y.shape.rank == 2 && $0.y.shape[0] == x.shape[0]
        },
      "adapted products of \(x.shape) to \(parts.map(\.y.shape))")
    if x.shape[0] == 0 || parts.isEmpty { return }
    let call = LowRankCall(
      gemmKernels, x,
      parts.map { site, y in
        let width = y.shape[1]
        return (site, y.pointer(as: Float.self), width, (width + LowRankRows.columns - 1) / LowRankRows.columns)
      }, rows, kind)
    let first = WorkerJob { [call] item, _ in call.multiplyA(item) }
    let second = WorkerJob { [call] item, worker in call.multiplyB(item, worker) }
    let workers = workers
    withExtendedLifetime((x, parts)) {
      perform(.linear, cost: call.cost()) { call.run(workers, first, second) }
    }
  }
}
