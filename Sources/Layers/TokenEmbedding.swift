import Numerics
import Tensors

/// The rows of an embedding matrix, decoded as they are looked up.
public struct TokenEmbedding: Sendable {
  private let rows: Tensor
  private let rowBytes: Int

  /// The embedding matrix [vocabulary, width] of any type that can be decoded.
  public init(_ rows: Tensor) {
    precondition(rows.shape.rank == 2 && rows.isContiguous, "embedding \(rows.shape)")
    self.rows = rows
    rowBytes = rows.shape[1] / rows.dtype.blockLength * rows.dtype.blockBytes
  }

  /// The number of token ids.
  public var vocabularySize: Int { rows.shape[0] }
  /// The length of a row.
  public var width: Int { rows.shape[1] }

  /// The rows of the token ids that `tokens` holds when the operator runs: [count, width], f32.
  ///
  /// - Precondition: the ids are below ``vocabularySize``.
  public func callAsFunction(_ tokens: UnsafePointer<Int32>, count: Int, _ context: Context) -> Tensor {
    let result = context.empty([count, width])
    let target = result.pointer(as: Float.self)
    let source = UnsafeRawPointer(rows.pointer)
    let (dtype, width, rowBytes, workers) = (rows.dtype, width, rowBytes, context.workers)
    context.perform {
      let lookUp: (Int, Int) -> Void = { row, _ in
        decodeRow(dtype, count: width, from: source + Int(tokens[row]) * rowBytes, to: target + row * width)
      }
      if count <= 8 {
        for row in 0..<count { lookUp(row, 0) }
      } else {
        workers.run(count, lookUp)
      }
    }
    return result
  }
}
