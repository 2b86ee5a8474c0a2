import CVenturi
import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Rotary position embedding on neighbouring pairs (Su et al., RoFormer, 2021): pair i of a head at position p turns by
/// p · base^(-2i/d).
///
/// The table of cosines and sines grows in pages, outside of the computation: ``reserve(positions:)`` comes before any
/// use of a new position.
public final class RotaryEmbedding: @unchecked Sendable {
  private static let pageLength = 256
  /// The number of values of a head that are rotated; the rest passes through.
  public let rotated: Int
  /// The width of a head.
  public let headDim: Int
  /// The largest number of positions.
  public let limit: Int
  private let frequencies: [Double]
  private let pages: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
  private let pageCount: Int
  private let reserved = Mutex(0)

  /// An embedding for heads of `headDim` values of which the first `rotated` turn.
  ///
  /// - Precondition: `rotated` is even and at most `headDim`; `limit` is above 0.
  public init(headDim: Int, rotated: Int, base: Double, limit: Int) {
    precondition(rotated.isMultiple(of: 2) && rotated <= headDim && rotated > 0 && limit > 0)
    self.headDim = headDim
    self.rotated = rotated
    self.limit = limit
    frequencies = (0..<rotated / 2).map { pow(base, -2 * Double($0) / Double(rotated)) }
    pageCount = (limit + Self.pageLength - 1) / Self.pageLength
    pages = .allocate(capacity: pageCount)
    pages.initialize(repeating: nil, count: pageCount)
  }

  deinit {
    for page in 0..<pageCount { pages[page]?.deallocate() }
    pages.deallocate()
  }

  /// The bytes of the table as far as it is computed.
  package var bytes: Int { reserved.withLock { $0 } * Self.pageLength * rotated * 4 }

  /// Computes the angles of positions below `positions` that are not there yet.
  public func reserve(positions: Int) {
    let wanted = (min(positions, limit) + Self.pageLength - 1) / Self.pageLength
    reserved.withLock { have in
      while have < wanted {
        let page = UnsafeMutablePointer<Float>.allocate(capacity: Self.pageLength * rotated)
        for row in 0..<Self.pageLength {
          let position = Double(have * Self.pageLength + row)
          for (pair, frequency) in frequencies.enumerated() {
            page[row * rotated + 2 * pair] = Float(cos(position * frequency))
            page[row * rotated + 2 * pair + 1] = Float(sin(position * frequency))
          }
        }
        pages[have] = page
        have += 1
      }
    }
  }

  /// The cosines and sines of a reserved position, interleaved.
  private func angles(_ position: Int) -> UnsafePointer<Float> {
    guard let page = pages[position / Self.pageLength] else { preconditionFailure("position \(position) not reserved") }
    return UnsafePointer(page + position % Self.pageLength * rotated)
  }

  /// What turning `heads` heads of each of `rows` rows computes and moves at least: four products and two sums for a pair,
  /// and each row's angles once.
  public func cost(rows: Int, heads: Int) -> OperatorCost {
    let values = Double(rows * heads * rotated)
    return OperatorCost(flops: 3 * values, bytesRead: 4 * values + 4 * Double(rows * rotated), bytesWritten: 4 * values)
  }

  /// Turns the heads of every row of `tensors` ([rows, heads · headDim]) in place, by the positions in `batch`.
  public func rotate(_ tensors: [Tensor], batch: BatchBox, _ context: Context) {
    let rows = tensors[0].shape[0]
    let targets = tensors.map { ($0.pointer(as: Float.self), $0.shape[1]) }
    let headDim = Int32(headDim)
    let workers = context.workers
    let rotated = Int32(rotated)
    let rotateRows = WorkerJob { [self] item, _ in
      guard let layout = batch.layout else { return }
      let range = item * 8..<min(rows, item * 8 + 8)
      for run in layout.runs {
        let shared = range.clamped(to: run.firstRow..<run.firstRow + run.rows)
        for row in shared {
          let table = angles(run.position + row - run.firstRow)
          for (base, width) in targets {
            vt_rope_row(base + row * width, Int32(width) / headDim, headDim, rotated, table)
          }
        }
      }
    }
    let heads = targets.reduce(0) { $0 + $1.1 / self.headDim }
    context.perform(.rope, cost: self.cost(rows: rows, heads: heads)) { workers.run((rows + 7) / 8, rotateRows) }
  }
}
