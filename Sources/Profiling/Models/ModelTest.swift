/// A test of a model's speed, named as llama-bench names it.
public struct ModelTest: Sendable, Equatable {
  /// What is timed.
  public enum Kind: String, Sendable {
    /// A prompt, in one go.
    case prefill
    /// Tokens one after another.
    case decode
  }

  /// What is timed.
  public var kind: Kind
  /// How many tokens.
  public var tokens: Int
  /// The tokens that the cache holds before.
  public var depth: Int

  /// A test from its parts.
  public init(_ kind: Kind, tokens: Int, depth: Int = 0) {
    self.kind = kind
    self.tokens = tokens
    self.depth = depth
  }

  /// `pp512`, `tg128`, `tg128 @ d2048`.
  public var name: String {
    let name = (kind == .prefill ? "pp" : "tg") + String(tokens)
    return depth > 0 ? "\(name) @ d\(depth)" : name
  }

  /// The tests of llama-bench's flags, in its order: for each depth all prompts, then all generations. Zeros are left
  /// out.
  public static func tests(prompts: [Int], generations: [Int], depths: [Int]) -> [ModelTest] {
    depths.flatMap { depth in
      prompts.filter { $0 > 0 }.map { ModelTest(.prefill, tokens: $0, depth: depth) }
        + generations.filter { $0 > 0 }.map { ModelTest(.decode, tokens: $0, depth: depth) }
    }
  }
}
