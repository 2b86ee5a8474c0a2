/// What became of a test case.
public struct ConformanceResult: Sendable, Equatable {
  /// How it ended.
  public enum Verdict: Sendable, Equatable {
    case passed
    /// An output differs, or the run failed.
    case failed(String)
    /// The case is not claimed: an operator that the library does not have, or outputs that are random.
    case skipped(String)
  }

  /// The case.
  public let test: ConformanceCase
  /// The operators in its model.
  public let operators: [String]
  /// How it ended.
  public let verdict: Verdict
}
