import CVenturi
import NumericTypes

/// One matrix product C[M, N] = A · B over addresses, cut into items for the workers.
///
/// Every output is one chain of fused multiply-adds over k, whatever the layout of B and the number of rows: neither how
/// columns are dealt out to threads nor which other rows are in the call changes a bit of a row's result.
struct MatmulJob {
  /// Rows up to which Bᵀ is read as it lies; packing pays from there on.
  static let directRows = 8
  /// Rows up to which row-major B is read as it lies.
  static let sweptRows = 3
  /// Rows up to which panels of 16-bit numbers are converted as they are loaded, and not once for all rows.
  static let convertedRows = 12
  /// Rows from which items are wider than the second-level cache.
  static let manyRows = 256
  /// Bytes of Bᵀ beyond which asking for what one row reads next saves more than it costs.
  static let farBytes = 12 << 20
  /// Bytes of Bᵀ beyond which it comes from memory.
  static let memoryBytes = 32 << 20
  /// Multiply-adds that an item should have, some microseconds of work.
  static let grain = 1 << 17

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
  enum Path { case direct, sweep, packed, panels }
  var path: Path {
    switch layout {
    case .panels: bType == .f32 || m <= Self.convertedRows ? .panels : .packed
    case .transposed: m <= Self.directRows ? .direct : .packed
    case .rows: m <= Self.sweptRows ? .sweep : .packed
    }
  }

  /// The steps of k that are packed and multiplied at a time.
  var depth: Int {
    let limit = Int(kernels.pointee.depth)
    let blocks = max(1, (k + limit - 1) / limit)
    return min(limit, max(16, ((k + blocks - 1) / blocks + 15) & ~15))
  }

  /// The columns an item should have.
  func itemColumns(threads: Int) -> Int {
    let items = threads == 1 ? 1 : max(1, min(m * n * k / Self.grain, threads * 4))
    switch path {
    case .direct: return max(32, ((n + items - 1) / items + 31) & ~31)
    case .sweep: return max(64, ((n + items - 1) / items + 63) & ~63)
    case .packed, .panels: return 16 * itemPanels(items: items, threads: threads)
    }
  }

  /// The panels an item should have: pairs, so that the widest tiles fit, few enough for the cache, and as many as let
  /// all threads end together. What an item reads of A is used the more the wider it is.
  private func itemPanels(items: Int, threads: Int) -> Int {
    let panels = (n + 15) / 16
    let isTall = m >= Self.manyRows
    // With many rows, copying A again for each item costs more than reading the panels from the third level.
    let most = Int(kernels.pointee.panels) * (isTall ? 3 : 1)
    if items == 1 {
      let count = (panels + most - 1) / most
      return ((panels + count - 1) / count + 1) & ~1
    }
    let (again, heldUp) = isTall ? (3, 1.03) : (1.5, 1.05)
    var best = (panels: most, cost: Double.infinity)
    for width in stride(from: 2, through: most, by: 2) where width * items >= panels || width == most {
      let rounds = ((panels + width - 1) / width + threads - 1) / threads
      // A single round for each thread cannot make up for a thread that is held up.
      let cost = Double(rounds * width) * (1 + again / Double(width)) * (rounds == 1 ? heldUp : 1)
      if cost <= best.cost { best = (width, cost) }
    }
    return best.panels
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
    case .direct:
      let start = b + first * ldb * size
      let bytes = n * k * size
      let far = bytes > Self.memoryBytes ? VT_IN_MEMORY : bytes > Self.farBytes ? VT_FAR : VT_NEAR
      switch bType {
      case .f32:
        table.direct_f32(
          far, Int32(m), columns, Int32(k), a, Int64(lda), start.f32, Int64(ldb), c + first, Int64(ldc))
      case .f16:
        table.direct_f16(
          far, Int32(m), columns, Int32(k), a, Int64(lda), start.bits16, Int64(ldb), c + first, Int64(ldc))
      default:
        table.direct_bf16(
          far, Int32(m), columns, Int32(k), a, Int64(lda), start.bits16, Int64(ldb), c + first, Int64(ldc))
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
        let offset =
          switch layout {
          case .rows: start * ldb + column
          case .transposed: column * ldb + start
          case .panels: column * k + start * 16
          }
        vtPack(
          kernels, bType, isTransposed: layout == .transposed,
          columns: layout == .panels ? 16 : min(16, columns - panel * 16), k: steps, b + offset * bType.blockBytes,
          layout == .panels ? 16 : ldb, buffer + panel * depth * 16)
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
