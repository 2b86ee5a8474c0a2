/// What a device that prompts and tokens share did.
public struct NexusReport: Sendable, Hashable {
  /// Answers, gaps, and what the two phases computed: the first machine is that of prompts, the second that of tokens.
  public var serving = ServingReport()
  /// Blocks of state that there are.
  public var blocks = 0
  /// Decisions about the division.
  public var decisions = 0
  /// Those that changed it.
  public var switches = 0
  /// Estimates of a phase in them.
  public var evaluations = 0
  /// Decisions after which the second phase does not keep its promise by the costs that were decided by.
  public var infeasible = 0
  /// Seconds in which both phases ran.
  public var sharedSeconds = 0.0
  /// The part of these in which tokens came first.
  public var decodeFirstShare = 0.0
  /// The mean percent of prompts in these.
  public var promptPercent = 0.0

  /// The longest wait for a first token, in seconds, over all answers.
  public var longestWait: Double { serving.answers.reduce(0) { max($0, $1.firstToken) } }
  /// The most of all state that was taken at once, as a part.
  public var mostState: Double {
    blocks > 0 ? Double(serving.machines.map(\.mostBlocks).max() ?? 0) / Double(blocks) : 0
  }
}
