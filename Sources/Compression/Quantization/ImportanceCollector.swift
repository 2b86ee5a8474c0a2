import Models
import Tensors

/// Adds up the squares of every product's input, column by column.
public final class ImportanceCollector: LinearObserver {
  private final class Sums {
    var squares: [Double]
    var rows = 0
    init(width: Int) { squares = [Double](repeating: 0, count: width) }
  }
  private let workers: Workers
  private var sums: [String: Sums] = [:]
  /// Columns that one item of work adds up.
  private static let columns = 128

  /// A collector that adds up on `workers`.
  public init(workers: Workers) { self.workers = workers }

  /// Adds the squares of the rows; matrices without a name are left out.
  public func observe(_ rows: Tensor, of matrix: PackedMatrix) {
    if matrix.name.isEmpty { return }
    let (count, width) = (rows.shape[0], rows.shape[1])
    let entry = sums[matrix.name] ?? Sums(width: width)
    guard entry.squares.count == width else { return }
    sums[matrix.name] = entry
    entry.rows += count
    let values = rows.pointer(as: Float.self)
    entry.squares.withUnsafeMutableBufferPointer { squares in
      nonisolated(unsafe) let squares = squares
      workers.run((width + Self.columns - 1) / Self.columns) { item, _ in
        // Rows in order, so the sums do not depend on the number of threads.
        for row in 0..<count {
          for column in item * Self.columns..<min(width, (item + 1) * Self.columns) {
            let value = Double(values[row * width + column])
            squares[column] += value * value
          }
        }
      }
    }
  }

  /// What was seen so far.
  public func importance(dataset: String, chunks: (count: Int, size: Int)) -> Importance {
    Importance(
      entries: sums.mapValues { Importance.Entry(sums: $0.squares.map(Float.init), counts: [Float($0.rows)]) },
      dataset: dataset, chunks: chunks)
  }
}

extension Importance {
  /// The tokens of a piece that a text is evaluated in.
  public static let window = 512

  /// The importance of a model's weights for a text, in pieces of 512 tokens, each from an empty state; what does not fill
  /// a piece is left out, unless there is only that.
  ///
  /// - Parameters:
  ///   - tokens: the whole text's.
  ///   - beginning: the token that the model wants before every text; it takes the first place of every piece.
  ///   - dataset: what the text is called.
  ///   - report: called after each piece with its number and that of all.
  /// - Throws: ``CompressionError/invalidOption(field:problem:)`` for a text without tokens; what the model and `report`
  ///   throw.
  public init(
    of model: any LanguageModel, tokens: [Int32], beginning: Int32?, dataset: String, context: Context,
    limit: Int = .max, report: (Int, Int) throws -> Void = { _, _ in }
  ) throws {
    let size = min(Self.window, tokens.count, model.description.contextLength)
    guard size > 1, limit > 0 else {
      throw CompressionError.invalidOption(field: "text", problem: "\(tokens.count) tokens are no text to learn from")
    }
    let count = min(tokens.count / size, limit)
    let collector = ImportanceCollector(workers: context.workers)
    for piece in 0..<count {
      var part = Array(tokens[piece * size..<(piece + 1) * size])
      if let beginning { part[0] = beginning }
      let state = try model.makeState(capacity: size)
      // Longer steps than any that is captured, so that every product is seen.
      let batch = TokenBatch([TokenBatch.Run(state: state, tokens: part, logits: .none)])
      _ = try context.observing(with: collector) { try model.evaluate(batch, isCancelled: { false }) }
      try report(piece + 1, count)
    }
    self = collector.importance(dataset: dataset, chunks: (count, size))
  }
}
