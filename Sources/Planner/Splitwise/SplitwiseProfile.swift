// Splitwise: Efficient generative LLM inference using phase splitting (2023), https://arxiv.org/abs/2311.18677: prompts
// and tokens on machines of their own, and the cluster simulator that sizes the pools.

/// Measured times of prompts and tokens of one model on one kind of machine, and what lies between them.
public struct SplitwiseProfile: IterationTimes, Hashable {
  /// A measurement: so many prompts of one length together.
  public struct Row: Sendable, Hashable {
    /// Tokens of a prompt.
    public var promptTokens: Int
    /// Prompts.
    public var batch: Int
    /// Milliseconds of the prompts.
    public var promptMilliseconds: Double
    /// Milliseconds of a token of each afterwards.
    public var tokenMilliseconds: Double

    /// A measurement from its parts.
    public init(_ promptTokens: Int, _ batch: Int, _ promptMilliseconds: Double, _ tokenMilliseconds: Double) {
      self.promptTokens = promptTokens
      self.batch = batch
      self.promptMilliseconds = promptMilliseconds
      self.tokenMilliseconds = tokenMilliseconds
    }

    /// Tokens of all prompts.
    public var tokens: Int { promptTokens * batch }
  }

  /// The measurements.
  public let rows: [Row]
  /// Seconds of prompts, by their tokens together.
  public let promptSeconds: PiecewiseLinear
  /// Seconds of a token of each sequence, by their number.
  public let tokenSeconds: PiecewiseLinear
  /// How much longer an iteration of prompts takes with tokens of other sequences in it.
  public static let mixing = 1.1

  /// A profile of measurements: the median of those of as many tokens, and straight between.
  ///
  /// The public simulator looks tokens up by the tokens of all prompts but asks with the number of sequences, below the
  /// table; here the number of sequences is what tokens are looked up by, from the rows of several.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for no rows, or times that are none.
  public init(_ rows: [Row]) throws(PlannerError) {
    for row in rows {
      guard row.promptTokens > 0, row.batch > 0, row.promptTokens <= 1 << 24, row.batch <= 1 << 24,
        row.promptMilliseconds > 0, row.tokenMilliseconds > 0, row.promptMilliseconds < 1e9, row.tokenMilliseconds < 1e9
      else { throw .invalid(field: "profile", problem: "\(row) is no measurement") }
    }
    guard !rows.isEmpty else { throw .invalid(field: "profile", problem: "there are no measurements") }
    self.init(checked: rows)
  }

  init(checked rows: [Row]) {
    self.rows = rows
    promptSeconds = Self.medians(rows.map { (Double($0.tokens), $0.promptMilliseconds / 1e3) })
    // Tokens at one batch hardly depend on the prompts' length; all rows of a batch count.
    tokenSeconds = Self.medians(rows.map { (Double($0.batch), $0.tokenMilliseconds / 1e3) })
  }

  private static func medians(_ points: [(x: Double, y: Double)]) -> PiecewiseLinear {
    let groups = Dictionary(grouping: points, by: \.x).sorted { $0.key < $1.key }
    return PiecewiseLinear(
      checked: groups.map(\.key), groups.map { ServingReport.percentile(50, ofSorted: $0.value.map(\.y).sorted()) })
  }

  /// Seconds of prompts alone, tokens alone, or both together.
  public func seconds(of batch: IterationBatch) -> Double {
    // Below the table the line through its first points may fall under any time that was seen: half the least one is
    // kept.
    guard batch.promptTokens > 0 else {
      return max(tokenSeconds(Double(batch.sequences)), tokenSeconds.ys[0] / 2)
    }
    let seconds = max(promptSeconds(Double(batch.promptTokens + batch.sequences)), promptSeconds.ys[0] / 2)
    return batch.sequences > 0 ? Self.mixing * seconds : seconds
  }
}
