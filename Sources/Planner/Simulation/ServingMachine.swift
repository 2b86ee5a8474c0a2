/// A machine of a serving cluster: how fast it is, and how much state it holds.
public struct ServingMachine: Sendable {
  /// What it is for.
  public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    /// Prompts and tokens.
    case both
    /// Prompts, whose state then moves to another machine.
    case prompts
    /// Tokens of sequences whose prompts were computed elsewhere.
    case tokens
  }

  /// The name it is reported by.
  public var name: String
  /// What it is for.
  public var role: Role
  /// How long its iterations take.
  public var iterations: any IterationTimes
  /// Blocks of key and value state that it holds.
  public var blocks: Int
  /// Bytes a second that it sends.
  public var link: Double

  /// A machine from its parts.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public init(
    _ name: String, role: Role = .both, iterations: any IterationTimes, blocks: Int, link: Double = 25e9
  ) throws(PlannerError) {
    guard (1...1 << 30).contains(blocks) else {
      throw .invalid(field: "blocks", problem: "\(blocks) lies outside 1…2³⁰")
    }
    guard link > 0, link < 1e18 else { throw .invalid(field: "link", problem: "\(link) lies outside 0…10¹⁸ bytes/s") }
    self.name = name
    self.role = role
    self.iterations = iterations
    self.blocks = blocks
    self.link = link
  }
}
