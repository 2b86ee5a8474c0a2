/// Iterations as they were measured at some sizes of batches; what lies between is straight.
///
/// Measured are batches of so many tokens of one prompt beside so many sequences of one depth. Deeper sequences and later parts of
/// prompts take a time that was measured for each token, and each pair of tokens, that is looked at more.
public struct MeasuredIterations: IterationTimes, Hashable {
  /// Tokens of a prompt, ascending: 0, 1 and more.
  public let prompts: [Int]
  /// Sequences that get a token, ascending: 0, 1 and more.
  public let sequences: [Int]
  /// Seconds by prompt's tokens and sequences: `[prompts][sequences]`; the first, of nothing, does not count.
  public let seconds: [[Double]]
  /// Tokens before each sequence's when this was measured.
  public let context: Int
  /// Seconds of each token more that a sequence looks at.
  public let perContextToken: Double
  /// Seconds of each pair more of a prompt's token and one before it.
  public let perPair: Double
  private let least: Double

  /// Iterations from measurements.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for sizes that do not ascend from 0 and 1, and times that are none.
  public init(
    prompts: [Int], sequences: [Int], seconds: [[Double]], context: Int, perContextToken: Double = 0,
    perPair: Double = 0
  ) throws(PlannerError) {
    for (field, sizes) in [("prompts", prompts), ("sequences", sequences)] {
      guard sizes.count >= 2, sizes[0] == 0, sizes[1] == 1, zip(sizes, sizes.dropFirst()).allSatisfy(<),
        (sizes.last ?? 0) <= 1 << 24
      else {
        throw .invalid(field: field, problem: "\(sizes) do not ascend from 0 and 1 to at most 2²⁴")
      }
    }
    guard seconds.count == prompts.count, seconds.allSatisfy({ $0.count == sequences.count }) else {
      throw .invalid(
        field: "seconds", problem: "they are not \(prompts.count) rows of \(sequences.count)")
    }
    var least = Double.infinity
    for (row, values) in seconds.enumerated() {
      for (column, value) in values.enumerated() where row > 0 || column > 0 {
        guard value > 0, value < 1e6 else {
          throw .invalid(field: "seconds[\(row)][\(column)]", problem: "\(value) lies outside 0…10⁶ s")
        }
        least = min(least, value)
      }
    }
    guard (0...1 << 24).contains(context) else {
      throw .invalid(field: "context", problem: "\(context) lies outside 0…2²⁴")
    }
    for (field, value) in [("perContextToken", perContextToken), ("perPair", perPair)]
    where !(value >= 0 && value < 1) {
      throw .invalid(field: field, problem: "\(value) lies outside 0…1 s")
    }
    self.prompts = prompts
    self.sequences = sequences
    self.seconds = seconds
    self.context = context
    self.perContextToken = perContextToken
    self.perPair = perPair
    self.least = least
  }

  /// Seconds of the batch, never less than the shortest that was measured.
  public func seconds(of batch: IterationBatch) -> Double {
    let (row, down) = Self.place(batch.promptTokens, prompts)
    let (column, right) = Self.place(batch.sequences, sequences)
    // Whole numbers never lie between 0 and 1, so that the batch of nothing has no weight.
    func value(_ row: Int, _ column: Int) -> Double { row == 0 && column == 0 ? 0 : seconds[row][column] }
    func along(_ row: Int) -> Double {
      right == 0 ? value(row, column) : (1 - right) * value(row, column) + right * value(row, column + 1)
    }
    let grid = down == 0 ? along(row) : (1 - down) * along(row) + down * along(row + 1)
    let deeper = Double(batch.contextTokens - batch.sequences * context)
    let first = Double(batch.promptTokens) * (Double(batch.promptTokens) + 1) / 2
    return max(least, grid + deeper * perContextToken + max(0, batch.promptPairs - first) * perPair)
  }

  /// The piece that a size lies in, the last one for what lies beyond, and how far in it.
  private static func place(_ size: Int, _ sizes: [Int]) -> (index: Int, part: Double) {
    var index = 0
    while index < sizes.count - 2, size >= sizes[index + 1] { index += 1 }
    return (index, Double(size - sizes[index]) / Double(sizes[index + 1] - sizes[index]))
  }
}
