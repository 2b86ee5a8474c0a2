/// How prompts and tokens share a device.
public struct NexusPolicy: Sendable, Hashable {
  /// Who gets how much.
  public enum Sharing: Sendable, Hashable {
    /// What the search finds, from the costs of what runs.
    case searched
    /// So many percent for prompts, whatever runs.
    case fixed(Int)
  }

  /// Which prompt comes first.
  public enum PromptOrder: Sendable, Hashable {
    /// The one with the fewest tokens to go, less `ageing` tokens for each second that it has waited.
    case shortest(ageing: Double)
    /// The one that came first.
    case arrival
  }

  /// Who gets how much.
  public var sharing = Sharing.searched
  /// How many times as long prompts may take where tokens come first, α.
  public var promptSlack = 1.3
  /// How many times as long tokens may take where prompts come first, β.
  public var tokenSlack = 1.1
  /// Tokens come first where more than this part of all state is taken: prompts that came first there would leave no room to
  /// finish in.
  public var decodeFirstAbove = 0.7
  /// Percent by which a new split must differ to be taken, δ.
  public var hysteresis = 5
  /// Whether the search knows that prompts take bandwidth from tokens.
  public var knowsContention = true
  /// Which prompt comes first. The unit of the paper's γ = 15 is not stated; here it is tokens for a second.
  public var prompts = PromptOrder.shortest(ageing: 15)
  /// Tokens of prompts in an iteration.
  public var promptTokens = 2048
  /// The most sequences under computation.
  public var batchSequences = 256
  /// Tokens of a block of state.
  public var blockTokens = 16

  /// The paper's figures; δ and the budget of tokens, which it does not say, are 5 and a chunk of the other scheduler.
  public init() {}

  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  func validate() throws(PlannerError) {
    for (field, slack) in [("promptSlack", promptSlack), ("tokenSlack", tokenSlack)] where !(slack >= 1 && slack <= 1e6)
    {
      throw .invalid(field: field, problem: "\(slack) lies outside 1…10⁶")
    }
    guard decodeFirstAbove >= 0, decodeFirstAbove <= 1 else {
      throw .invalid(field: "decodeFirstAbove", problem: "\(decodeFirstAbove) is no part of the state")
    }
    guard (0...100).contains(hysteresis) else {
      throw .invalid(field: "hysteresis", problem: "\(hysteresis) lies outside 0…100 %")
    }
    if case .fixed(let percent) = sharing, !(1...99).contains(percent) {
      throw .invalid(field: "fixed", problem: "\(percent) lies outside 1…99 %")
    }
    if case .shortest(let ageing) = prompts, !(ageing >= 0 && ageing <= 1e9) {
      throw .invalid(field: "ageing", problem: "\(ageing) lies outside 0…10⁹ tokens/s")
    }
    for (field, count, most) in [
      ("promptTokens", promptTokens, 1 << 24), ("batchSequences", batchSequences, 1 << 20),
      ("blockTokens", blockTokens, 1 << 20),
    ] where !(1...most).contains(count) {
      throw .invalid(field: field, problem: "\(count) lies outside 1…\(most)")
    }
  }
}
