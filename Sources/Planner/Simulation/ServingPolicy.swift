/// How a cluster serves: who gets a request, what an iteration holds, and how state moves.
public struct ServingPolicy: Sendable, Hashable {
  /// Who gets a request.
  public enum Router: String, Sendable, Hashable, Codable, CaseIterable {
    /// One machine after the other.
    case roundRobin = "round-robin"
    /// The one with the least state promised to its sequences.
    case leastLoaded = "least-loaded"
    /// The one with the fewest tokens of prompts that wait (join the shortest queue).
    case shortestQueue = "shortest-queue"
  }

  /// What an iteration takes first.
  public enum Order: String, Sendable, Hashable, Codable, CaseIterable {
    /// A token of every sequence, then parts of prompts in what is left (chunked prefill: Agrawal et al.: Sarathi,
    /// 2023).
    case tokensFirst = "tokens-first"
    /// Whole prompts, then tokens in what is left (Patel et al.: Splitwise, 2023).
    case promptsFirst = "prompts-first"
  }

  /// How state moves from the machine of a prompt to that of its tokens.
  public enum Transfer: Sendable, Hashable {
    /// After the prompt: `latency` seconds, then its bytes over the link.
    case serial(latency: Double)
    /// Layer after layer while the prompt is computed, which takes `slowdown` longer; `rest` seconds are not hidden.
    case layerwise(rest: Double, slowdown: Double)
  }

  /// Machines that help the other pool: a prompt goes to a machine for tokens when `promptTokens` would wait at every
  /// machine for prompts, tokens to one for prompts when no other has room; both go back once they are idle.
  public struct Borrowing: Sendable, Hashable {
    /// Tokens of prompts that may wait at a machine.
    public var promptTokens: Int

    /// Borrowing beyond so many tokens.
    public init(promptTokens: Int) { self.promptTokens = promptTokens }
  }

  /// Who gets a request.
  public var router = Router.shortestQueue
  /// What an iteration takes first.
  public var order = Order.tokensFirst
  /// The most rows of an iteration; a longer whole prompt runs alone.
  public var batchTokens = 512
  /// The most sequences of an iteration.
  public var batchSequences = 256
  /// Iterations in which tokens may be left out, one after the other, before they come first.
  public var mostSkips = 4
  /// Tokens of a block of state.
  public var blockTokens = 16
  /// Bytes of state of a token.
  public var stateBytes = 0.0
  /// How state moves.
  public var transfer = Transfer.serial(latency: 0)
  /// Whether pools help each other.
  public var borrowing: Borrowing?

  /// Chunked prefill, the shortest queue, blocks of 16 tokens.
  public init() {}

  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  func validate() throws(PlannerError) {
    for (field, value, most) in [
      ("batchTokens", batchTokens, 1 << 24), ("batchSequences", batchSequences, 1 << 20),
      ("mostSkips", mostSkips, 1 << 20), ("blockTokens", blockTokens, 1 << 20),
      ("borrowing", borrowing?.promptTokens ?? 1, 1 << 30),
    ] where !(1...most).contains(value) {
      throw .invalid(field: field, problem: "\(value) lies outside 1…\(most)")
    }
    guard stateBytes >= 0, stateBytes <= 1e12 else {
      throw .invalid(field: "stateBytes", problem: "\(stateBytes) lies outside 0…10¹² bytes")
    }
    let seconds =
      switch transfer {
      case .serial(let latency): [("latency", latency)]
      case .layerwise(let rest, let slowdown): [("rest", rest), ("slowdown", slowdown)]
      }
    for (field, value) in seconds where !(value >= 0 && value <= 3600) {
      throw .invalid(field: "transfer.\(field)", problem: "\(value) lies outside 0…3600")
    }
  }
}
