/// Which tokens of the cache a step reads.
public enum KineticsAttention: Sendable, Hashable {
  /// All of them.
  case dense
  /// The best `budget`, found for nothing: the bound of what sparse attention can gain.
  case topK(budget: Int)
  /// The best `blocks` blocks of `size` tokens and the last `window` tokens; the blocks' means are read to find them.
  case blocks(size: Int, count: Int, window: Int)

  /// Tokens that a step reads at the most; `nil` without a limit.
  public var budget: Int? {
    switch self {
    case .dense: nil
    case .topK(let budget): budget
    case .blocks(let size, let count, let window): size * count + window
    }
  }

  /// Whether all numbers can be counted with.
  var isValid: Bool {
    let limit = KineticsLoad.limit
    switch self {
    case .dense: return true
    case .topK(let budget): return (1...limit).contains(budget)
    case .blocks(let size, let count, let window):
      return (1...limit).contains(size) && (1...limit).contains(count) && (0...limit).contains(window)
        && size <= limit / count
    }
  }
}
