import Costs
import NumericTypes
import Tensors

/// Learned positions: a row for each is added to the residual stream (Radford et al.: GPT-2, 2019).
public struct PositionEmbedding: Sendable {
  /// The rows [positions, width], f32.
  private let table: Tensor

  /// An embedding of as many positions as `table` [positions, width] has rows.
  ///
  /// - Precondition: `table` is contiguous f32.
  public init(_ table: Tensor) {
    precondition(table.dtype == .f32 && table.shape.rank == 2 && table.isContiguous, "positions \(table.shape)")
    self.table = table
  }

  /// The number of positions.
  public var count: Int { table.shape[0] }

  /// x [rows, width] += the rows of the positions in `batch`.
  ///
  /// - Precondition: when the operator runs, positions are below ``count``.
  public func add(to x: Tensor, batch: BatchBox, _ context: Context) {
    let (rows, width, count) = (x.shape[0], table.shape[1], count)
    let (source, target) = (UnsafePointer(table.pointer(as: Float.self)), x.pointer(as: Float.self))
    context.perform(.elementwise, cost: OperatorCost(Context.elementwiseCost(x.shape, .f32, operands: 2))) {
      guard let layout = batch.layout else { return }
      for run in layout.runs {
        precondition(run.position + run.rows <= count && run.firstRow + run.rows <= rows, "positions beyond \(count)")
        let (from, to) = (source + run.position * width, target + run.firstRow * width)
        for i in 0..<run.rows * width { to[i] += from[i] }
      }
    }
  }
}
