/// Which tokens may come next, a bit for each.
public struct TokenMask: Sendable, Equatable {
  /// 64 tokens a word, the lowest bit first.
  public internal(set) var words: [UInt64]

  init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

  /// Whether a token may come; false for one outside the vocabulary.
  public func contains(_ token: TokenID) -> Bool {
    token >= 0 && Int(token) >> 6 < words.count && words[Int(token) >> 6] >> (UInt64(token) & 63) & 1 == 1
  }

  mutating func set(_ token: TokenID, _ isAllowed: Bool) {
    let bit: UInt64 = 1 << (UInt64(token) & 63)
    if isAllowed { words[Int(token) >> 6] |= bit } else { words[Int(token) >> 6] &= ~bit }
  }

  var byteCount: Int { 8 * words.count }
  var tokenCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Whether no token may come.
  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
}
