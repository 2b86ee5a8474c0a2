import CVenturi
import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Rotary position embedding (Su et al., RoFormer, 2021): pair i of a head at position p turns by p · base^(-2i/d), or by
/// what a ``RotaryScaling`` makes of these frequencies.
///
/// The table of cosines and sines grows in pages, outside of the computation: ``reserve(positions:)`` comes before any
/// use of a new position.
public final class RotaryEmbedding: @unchecked Sendable {
  /// Which values of a head make a pair.
  public enum Pairing: Sendable, Hashable {
    /// Neighbours: 2i and 2i + 1.
    case neighbours
    /// The two halves of what turns: i and i + rotated/2.
    case halves
  }

  private static let pageLength = 256
  /// The number of values of a head that are rotated; the rest passes through.
  public let rotated: Int
  /// The width of a head.
  public let headDim: Int
  /// The largest number of positions.
  public let limit: Int
  /// Which values make a pair.
  public let pairing: Pairing
  private let magnitude: Double
  private let frequencies: [Double]
  private let pages: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
  private let pageCount: Int
  private let reserved = Mutex(0)

  /// An embedding for heads of `headDim` values of which the first `rotated` turn.
  ///
  /// - Precondition: `rotated` is even and at most `headDim`; `limit` is above 0.
  public init(
    headDim: Int, rotated: Int, base: Double, scaling: RotaryScaling = .none, pairing: Pairing = .neighbours,
    limit: Int
  ) {
    precondition(rotated.isMultiple(of: 2) && rotated <= headDim && rotated > 0 && limit > 0)
    self.headDim = headDim
    self.rotated = rotated
    self.limit = limit
    self.pairing = pairing
    frequencies = scaling.frequencies(rotated: rotated, base: base)
    magnitude = scaling.magnitude
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
            page[row * rotated + 2 * pair] = Float(magnitude * cos(position * frequency))
            page[row * rotated + 2 * pair + 1] = Float(magnitude * sin(position * frequency))
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
    let turn = pairing == .neighbours ? vt_rope_row : vt_rope_row_halves
    let rotateRows = WorkerJob { [self] item, _ in
      guard let layout = batch.layout else { return }
      let range = item * 8..<min(rows, item * 8 + 8)
      for run in layout.runs {
        let shared = range.clamped(to: run.firstRow..<run.firstRow + run.rows)
        for row in shared {
          let table = angles(run.position + row - run.firstRow)
          for (base, width) in targets {
            turn(base + row * width, Int32(width) / headDim, headDim, rotated, table)
          }
        }
      }
    }
    let heads = targets.reduce(0) { $0 + $1.1 / self.headDim }
    context.perform(.rope, cost: self.cost(rows: rows, heads: heads)) { workers.run((rows + 7) / 8, rotateRows) }
  }
}
