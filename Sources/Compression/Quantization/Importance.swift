import Formats
import NumericTypes

/// How much each input column of a model's weight matrices matters: the mean square of what a text puts there.
///
/// The error that a product makes for changed weights is Σ E[x²] (w − ŵ)² as far as inputs do not depend on each other, so
/// this is what rounding should weigh by.
public struct Importance: Sendable, Equatable {
  /// What was seen of one weight's input; for experts one after the other.
  public struct Entry: Sendable, Equatable {
    /// For each matrix and column the sum of squares.
    public var sums: [Float]
    /// For each matrix the number of rows that were summed.
    public var counts: [Float]

    /// An entry from its parts.
    public init(sums: [Float], counts: [Float]) {
      self.sums = sums
      self.counts = counts
    }
  }

  /// The entries by tensor name.
  public var entries: [String: Entry]
  /// What the text was called.
  public var dataset: String
  /// The pieces that the text was evaluated in, and the tokens of one.
  public var chunks: (count: Int, size: Int)

  /// Importance from its parts.
  public init(entries: [String: Entry] = [:], dataset: String = "", chunks: (count: Int, size: Int) = (0, 0)) {
    self.entries = entries
    self.dataset = dataset
    self.chunks = chunks
  }

  /// Whether both hold the same numbers of the same text.
  public static func == (a: Importance, b: Importance) -> Bool {
    a.entries == b.entries && a.dataset == b.dataset && a.chunks == b.chunks
  }

  /// The weights of the columns of `matrices` matrices of `width` columns, one after the other: within each the largest is
  /// 1, the least 1e-8. A matrix that saw no rows has all 1. Nothing when the tensor is not known.
  ///
  /// - Throws: ``CompressionError/importance(name:problem:)`` for an entry of another size, or with numbers that are none.
  public func weights(of name: String, width: Int, matrices: Int) throws(CompressionError) -> [Float]? {
    guard let entry = entries[name] else { return nil }
    guard entry.counts.count == matrices, entry.sums.count == width * matrices else {
      throw .importance(
        name: name,
        problem: "\(entry.sums.count) columns of \(entry.counts.count) matrices where each of \(matrices) has \(width)")
    }
    var weights = entry.sums
    for matrix in 0..<matrices {
      let columns = matrix * width..<(matrix + 1) * width
      let count = entry.counts[matrix]
      var largest: Float = 0
      for column in columns {
        guard weights[column].isFinite, weights[column] >= 0 else {
          throw .importance(name: name, problem: "column \(column) is \(weights[column])")
        }
        largest = max(largest, weights[column])
      }
      guard count.isFinite, count >= 0 else { throw .importance(name: name, problem: "a count of \(count)") }
      for column in columns {
        weights[column] = count == 0 || largest == 0 ? 1 : max(weights[column] / largest, 1e-8)
      }
    }
    return weights
  }
}
