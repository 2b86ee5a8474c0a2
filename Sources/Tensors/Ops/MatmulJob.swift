import CVenturi
import Numerics

/// One matrix product C[M, N] = A · B over addresses, cut into items for the workers.
///
/// The order of every output's sum depends on the shape alone: up to ``directRows`` rows against Bᵀ go through the
/// 8-lane dot products, everything else is one chain over k. How columns are dealt out to threads changes no bit.
struct MatmulJob {
  /// Rows up to which Bᵀ is read as it lies; packing pays from there on.
  static let directRows = 12
  /// Rows up to which row-major B is read as it lies.
  static let sweptRows = 3
  /// Multiply-adds that an item should have, some microseconds of work.
  static let grain = 1 << 17
  /// Panels whose `depth` rows fill half of a 512 KiB cache.
  static let groupPanels = 16
  /// Panels an item should have at least, so that what is read of A is used often enough.
  static let leastPanels = 6
  /// Steps of k in a block: a panel and six rows of A fit a 32 KiB cache.
  static let depthLimit = 320

  var kernels: UnsafePointer<vt_gemm_kernels>
  var m = 0
  var n = 0
  var k = 0
  /// A, f32 with unit stride along k.
  var a: UnsafePointer<Float>
  var lda = 0
  /// B: f32, f16 or bf16, as [K, N] or, when `isTransposed`, as [N, K]; or panels [N/16][K][16].
  var b: UnsafeRawPointer
  var ldb = 0
  var bType = DType.f32
  var layout = Layout.rows
  var c: UnsafeMutablePointer<Float>
  var ldc = 0
  /// The columns of one item.
  var width = 0
  /// One packing buffer for each worker.
  var scratch: UnsafeMutablePointer<Float>?
  var scratchStride = 0

  enum Layout { case rows, transposed, panels }

  /// How an item is computed.
  enum Path { case dot, sweep, packed, panels }
  var path: Path {
    switch layout {
    case .panels: .panels
    case .transposed: m <= Self.directRows ? .dot : .packed
    case .rows: m <= Self.sweptRows ? .sweep : .packed
    }
  }

  /// The steps of k that are packed and multiplied at a time.
  var depth: Int {
    let blocks = max(1, (k + Self.depthLimit - 1) / Self.depthLimit)
    return max(8, ((k + blocks - 1) / blocks + 7) & ~7)
  }

  /// The columns an item should have.
  func itemColumns(threads: Int) -> Int {
    let items = threads == 1 ? 1 : max(1, min(m * n * k / Self.grain, threads * 4))
    switch path {
    case .dot: return max(12, ((n + items - 1) / items + 11) / 12 * 12)
    case .sweep: return max(64, ((n + items - 1) / items + 63) & ~63)
    case .packed, .panels:
      // As many items for each thread, at least two so that a thread that is held up gives its share away.
      let panels = (n + 15) / 16
      var count = (panels + Self.groupPanels - 1) / Self.groupPanels
      if items > 1 {
        count = max(count, min(items, panels / Self.leastPanels))
        count = min(panels, (count + threads - 1) / threads * threads)
      }
      return (panels + count - 1) / count * 16
    }
  }

  /// Floats of packing scratch that each worker needs.
  var scratchFloats: Int { path == .packed ? depth * width : 0 }

  /// Computes the columns of `item`.
  func run(item: Int, worker: Int) {
    let first = item * width
    let columns = Int32(min(width, n - first))
    if columns <= 0 { return }
    guard k > 0 else {
      for row in 0..<m { (c + row * ldc + first).update(repeating: 0, count: Int(columns)) }
      return
    }
    let table = kernels.pointee
    let size = bType.blockBytes
    switch path {
    case .dot:
      let start = b + first * ldb * size
      switch bType {
      case .f32:
        table.dot_f32(Int32(m), columns, Int32(k), a, Int64(lda), start.f32, Int64(ldb), c + first, Int64(ldc))
      case .f16:
        table.dot_f16(Int32(m), columns, Int32(k), a, Int64(lda), start.bits16, Int64(ldb), c + first, Int64(ldc))
      default:
        table.dot_bf16(Int32(m), columns, Int32(k), a, Int64(lda), start.bits16, Int64(ldb), c + first, Int64(ldc))
      }
    case .sweep:
      let start = b + first * size
      switch bType {
      case .f32:
        table.sweep_f32(Int32(m), columns, Int32(k), a, Int64(lda), start.f32, Int64(ldb), c + first, Int64(ldc))
      case .f16:
        table.sweep_f16(Int32(m), columns, Int32(k), a, Int64(lda), start.bits16, Int64(ldb), c + first, Int64(ldc))
      default:
        table.sweep_bf16(Int32(m), columns, Int32(k), a, Int64(lda), start.bits16, Int64(ldb), c + first, Int64(ldc))
      }
    case .packed: runPacked(first: first, columns: Int(columns), worker: worker)
    case .panels: runPanels(first: first, columns: columns)
    }
  }

  private func runPacked(first: Int, columns: Int, worker: Int) {
    guard let scratch else { return }
    let buffer = scratch + worker * scratchStride
    let depth = depth
    var start = 0
    while start < k {
      let steps = min(depth, k - start)
      for panel in 0..<(columns + 15) / 16 {
        let column = first + panel * 16
        let offset = layout == .transposed ? column * ldb + start : start * ldb + column
        vtPack(
          kernels, bType, isTransposed: layout == .transposed, columns: min(16, columns - panel * 16), k: steps,
          b + offset * bType.blockBytes, ldb, buffer + panel * depth * 16)
      }
      kernels.pointee.block_f32(
        Int32(m), Int32(steps), a + start, Int64(lda), buffer, Int64(depth * 16), c + first, Int64(ldc),
        Int32(columns), start > 0 ? 1 : 0)
      start += steps
    }
  }

  private func runPanels(first: Int, columns: Int32) {
    let table = kernels.pointee
    let depth = m == 1 ? k : depth
    let stride = Int64(k * 16)
    var start = 0
    while start < k {
      let steps = Int32(min(depth, k - start))
      let offset = first * k + start * 16
      let more: Int32 = start > 0 ? 1 : 0
      switch bType {
      case .f32:
        table.block_f32(
          Int32(m), steps, a + start, Int64(lda), b.f32 + offset, stride, c + first, Int64(ldc), columns, more)
      case .f16:
        table.block_f16(
          Int32(m), steps, a + start, Int64(lda), b.bits16 + offset, stride, c + first, Int64(ldc), columns, more)
      default:
        table.block_bf16(
          Int32(m), steps, a + start, Int64(lda), b.bits16 + offset, stride, c + first, Int64(ldc), columns, more)
      }
      start += Int(steps)
    }
  }
}

extension UnsafeRawPointer {
  /// The bytes as binary32 numbers.
  var f32: UnsafePointer<Float> { assumingMemoryBound(to: Float.self) }
  /// The bytes as 16-bit patterns.
  var bits16: UnsafePointer<UInt16> { assumingMemoryBound(to: UInt16.self) }
}
