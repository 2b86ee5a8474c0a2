/// What is to become better.
public enum Goal: Sendable, Hashable {
  /// Generated tokens a second after so many tokens.
  case decode(depth: Int)
  /// Seconds until a prompt of so many tokens is read.
  case prefill(tokens: Int)
  /// The most bytes that a process holds while it loads the model and answers.
  case memory
  /// Seconds from a short question to the first token of its answer.
  case latency

  /// The tokens of a prompt where nothing is said.
  public static let defaultPrefill = 512
  /// The most tokens of a depth or a prompt.
  public static let maxTokens = 1 << 20

  /// The goal of a name: `decode`, `decode@2048`, `prefill`, `prefill@4096`, `memory`, `latency`; `nil` for any other.
  public init?(_ name: String) {
    let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    var count: Int?
    if parts.count == 2 {
      guard let number = Int(parts[1]), (0...Self.maxTokens).contains(number) else { return nil }
      count = number
    }
    switch (parts[0], count) {
    case ("decode", _): self = .decode(depth: count ?? 0)
    case ("prefill", let tokens):
      if let tokens, tokens < 2 { return nil }
      self = .prefill(tokens: tokens ?? Self.defaultPrefill)
    case ("memory", nil): self = .memory
    case ("latency", nil): self = .latency
    default: return nil
    }
  }

  /// The name, in full: `decode@0`.
  public var name: String {
    switch self {
    case .decode(let depth): "decode@\(depth)"
    case .prefill(let tokens): "prefill@\(tokens)"
    case .memory: "memory"
    case .latency: "latency"
    }
  }

  /// The unit of its costs, of which less is better.
  public var unit: String {
    switch self {
    case .decode: "seconds/token"
    case .prefill, .latency: "seconds"
    case .memory: "bytes"
    }
  }
}
