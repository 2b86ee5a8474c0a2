import Costs
import Tensors

extension DenseAttention {
  /// What attending with `rows` queries at `position` and after, to `length` keys, computes and moves at least: 4·d operations
  /// for each query, head and key that the query sees (the softmax's are not counted), every key and value that is
  /// seen read once, q read and o written.
  ///
  /// - Parameters:
  ///   - rows: the queries.
  ///   - position: the first query's.
  ///   - length: the keys that there are.
  ///   - vectorBytes: the bytes that a head's key takes, and so does its value.
  public func cost(rows: Int, position: Int, length: Int, vectorBytes: Int) -> OperatorCost {
    guard rows > 0 else { return OperatorCost(bytesRead: 0, bytesWritten: 0) }
    var pairs = 0
    for row in 0..<rows { pairs += mask.visible(position: position + row, length: length).count }
    let first = mask.visible(position: position, length: length).lowerBound
    let last = mask.visible(position: position + rows - 1, length: length).upperBound
    let queries = 4 * Double(rows * heads * headDim)
    let state = 2 * Double(max(0, last - first) * kvHeads * vectorBytes)
    return OperatorCost(
      flops: 4 * Double(headDim * heads) * Double(pairs), bytesRead: queries + state, bytesWritten: queries,
      residentBytes: state)
  }
}
