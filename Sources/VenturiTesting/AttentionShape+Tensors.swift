import NumericTypes
import Tensors

extension AttentionShape {
  /// q, k and v of one sequence, row after row.
  public typealias Inputs = (q: [Float], k: [Float], v: [Float])

  /// Rows [N, heads · d] of each of B sequences as [B, heads, N, d]; a view, so that strides are told from shapes.
  private static func byHead(_ sequences: [[Float]], heads: Int, headDim: Int, _ context: Context) -> Tensor {
    let rows = sequences[0].count / (heads * headDim)
    return context.tensor(sequences.flatMap { $0 }, [sequences.count, rows, heads, headDim]).transposed(1, 2)
  }

  /// Numbers spread evenly over ±`amplitude`.
  public func inputs(seed: UInt64, amplitude: Double = 1) -> Inputs {
    var random = Random(seed: seed)
    return (
      random.floats(queries * widths[0], amplitude: amplitude), random.floats(keys * widths[1], amplitude: amplitude),
      random.floats(keys * widths[2], amplitude: amplitude)
    )
  }

  /// What the core gives for whole tensors: o as rows [B · Nq, H · d] and LSE as rows [B · Nq, H].
  ///
  /// - Throws: `MixerError`.
  public func forward(_ sequences: [Inputs], _ context: Context) throws -> (o: [Float], lse: [Float]) {
    let (o, lse) = try core.forward(
      q: Self.byHead(sequences.map(\.q), heads: heads, headDim: headDim, context),
      k: Self.byHead(sequences.map(\.k), heads: kvHeads, headDim: headDim, context),
      v: Self.byHead(sequences.map(\.v), heads: kvHeads, headDim: headDim, context), context: context)
    precondition(o.shape == [sequences.count, heads, queries, headDim], "o \(o.shape)")
    precondition(lse.shape == [sequences.count, heads, queries], "LSE \(lse.shape)")
    return (context.contiguous(o.transposed(1, 2)).floats, context.contiguous(lse.transposed(1, 2)).floats)
  }

  /// The larger of the relative error of o and the largest one of LSE; infinite where only one LSE is.
  public static func error(_ found: (o: [Float], lse: [Float]), _ exact: (o: [Double], lse: [Double])) -> Double {
    let error = NaiveAttention.relativeError(found.o, exact.o)
    return zip(found.lse, exact.lse).reduce(error.isNaN ? .infinity : error) { worst, pair in
      if pair.1 == -.infinity { return pair.0 == -.infinity ? worst : .infinity }
      let difference = abs(Double(pair.0) - pair.1) / max(1, abs(pair.1))
      return difference.isNaN ? .infinity : max(worst, difference)
    }
  }

  /// Sequences of different lengths packed one behind the other, without padding, all with this case's heads and mask.
  ///
  /// - Returns: o as rows [ΣNq, H · d] and LSE as rows [ΣNq, H].
  /// - Throws: `MixerError`.
  public static func packed(_ parts: [AttentionShape], _ inputs: [Inputs], _ context: Context) throws
    -> (o: [Float], lse: [Float])
  {
    func ends(_ counts: [Int]) -> [Int] { counts.indices.map { counts[...$0].reduce(0, +) } }
    let first = parts[0]
    func rows(_ values: [[Float]], heads: Int) -> Tensor {
      let values = values.flatMap { $0 }
      return context.tensor(values, [values.count / (heads * first.headDim), heads, first.headDim])
    }
    let (o, lse) = try first.core.forward(
      q: rows(inputs.map(\.q), heads: first.heads), k: rows(inputs.map(\.k), heads: first.kvHeads),
      v: rows(inputs.map(\.v), heads: first.kvHeads), queryEnds: ends(parts.map(\.queries)),
      keyEnds: ends(parts.map(\.keys)), context: context)
    return (o.floats, lse.floats)
  }
}
