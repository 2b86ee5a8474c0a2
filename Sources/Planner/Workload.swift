/// What a decoder is given in one step.
public struct Workload: Sendable, Hashable {
  /// Sequences B.
  public var sequences: Int
  /// New tokens N of each.
  public var tokens: Int
  /// Tokens of each that are in the cache already.
  public var past: Int

  /// `sequences` times `tokens` new tokens after `past` cached ones.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for counts below one (`past`: zero) or beyond 2³¹.
  public init(sequences: Int = 1, tokens: Int, past: Int = 0) throws(PlannerError) {
    for (field, count, least) in [("sequences", sequences, 1), ("tokens", tokens, 1), ("past", past, 0)]
    where !(least...1 << 31).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside \(least)…\(1 << 31)")
    }
    self.sequences = sequences
    self.tokens = tokens
    self.past = past
  }

  /// Rows that products see, B·N.
  var rows: Double { Double(sequences) * Double(tokens) }
  /// Pairs of a new token and any token of its sequence, over all sequences.
  var pairs: Double { rows * (Double(past) + Double(tokens)) }
  /// Pairs of a new token and one that it may see.
  var visiblePairs: Double { rows * (Double(past) + (Double(tokens) + 1) / 2) }
}
