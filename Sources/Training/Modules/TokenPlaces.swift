import Tensors

/// Where the rows of a batch of token rows stand.
public struct TokenPlaces {
  /// The rows.
  public let rows: Int
  /// Each token's place in its sequence, [rows × length], i32.
  public let positions: Tensor
  /// For each position of a row that of the first token of its sequence, [rows, length], i32; nothing where every row is
  /// one sequence.
  public let starts: Tensor?
}
