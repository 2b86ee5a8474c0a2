import NumericTypes
import Tensors

/// A matrix in 4 bits and low-rank changes beside it that together are nearest to the matrix itself, as a beginning for adapters
/// (Li et al.: LoftQ: LoRA-fine-tuning-aware quantization for large language models, 2023): in turns, what the changes leave is
/// put in 4 bits, and what that leaves becomes the changes.
package struct LoftQStart: Sendable {
  /// The frozen weight.
  package let matrix: NF4Matrix
  /// What stands beside it at first, for each range of rows.
  package let factors: [LowRankFactors]

  /// The beginning after some turns.
  ///
  /// - Parameters:
  ///   - weight: the matrix.
  ///   - rows: the rows of each change; none overlap.
  ///   - rank: the changes' rank.
  ///   - turns: how often both are found again, 1 or more.
  ///   - context: where to compute.
  package init(_ weight: Tensor, rows: [Range<Int>], rank: Int, turns: Int, _ context: Context) {
    precondition(turns >= 1, "LoftQ in \(turns) turns")
    let whole = context.contiguous(context.cast(weight, to: .f32))
    var matrix = NF4Matrix(whole, context)
    var factors: [LowRankFactors] = []
    for turn in 0..<turns {
      if turn > 0 { matrix = NF4Matrix(Self.less(whole, rows, factors, context), context) }
      let rest = context.subtract(whole, matrix.values(context))
      factors = rows.map { LowRankFactors(of: context.contiguous(rest.sliced(axis: 0, $0)), rank: rank, context) }
    }
    (self.matrix, self.factors) = (matrix, factors)
  }

  /// The weight less the changes.
  private static func less(
    _ weight: Tensor, _ rows: [Range<Int>], _ factors: [LowRankFactors], _ context: Context
  ) -> Tensor {
    let rest = context.copy(weight)
    for (range, factor) in zip(rows, factors) {
      let part = context.subtract(weight.sliced(axis: 0, range), factor.product(context))
      let (from, to) = (part.pointer(as: Float.self), rest.pointer(as: Float.self) + range.lowerBound * weight.shape[1])
      withExtendedLifetime((part, rest)) { for index in 0..<part.count { to[index] = from[index] } }
    }
    return rest
  }
}
