/// Guesses the next tokens by what followed the same tokens before.
///
/// Prompt lookup decoding (Saxena 2023), a draft model that is the text itself; the guesses are verified as in
/// *Fast inference from transformers via speculative decoding*, Leviathan, Kalman, Matias, 2023
/// (https://arxiv.org/abs/2211.17192), here with exact equality, since a draw depends on the position only.
package struct PromptLookup {
  private let limit: Int
  /// How many tokens to guess next; halved after a miss, doubled after a hit.
  private var length: Int
  /// Where the token after the last occurrence of two and of three tokens is.
  private var pairs: [UInt64: Int] = [:]
  private var triples: [UInt64: Int] = [:]
  private var indexed = 0

  package init(limit: Int) {
    self.limit = limit
    length = min(limit, 4)
  }

  /// Learns which tokens came after which.
  package mutating func append(_ tokens: [Int32]) {
    // The last token has nothing after it yet, so an occurrence never finds itself.
    var next = max(indexed, 2)
    while next < tokens.count {
      pairs[Self.pair(tokens, next)] = next
      if next >= 3 { triples[Self.triple(tokens, next)] = next }
      next += 1
    }
    indexed = next
  }

  /// What is likely to come after `tokens`, at most `limit` tokens.
  package mutating func guess(after tokens: [Int32], limit: Int) -> [Int32] {
    append(tokens)
    guard tokens.count >= 3 else { return [] }
    let end = tokens.count
    guard let start = triples[Self.triple(tokens, end)] ?? pairs[Self.pair(tokens, end)] else { return [] }
    // Where the occurrence runs into the end, it goes on as it began: a period is repeated.
    let period = end - start
    return (0..<min(length, limit)).map { tokens[start + $0 % period] }
  }

  /// Adapts to how good the guesses are.
  package mutating func learn(guessed: Int, accepted: Int) {
    if accepted == guessed { length = min(length * 2, limit) } else if accepted == 0 { length = max(length / 2, 1) }
  }

  private static func pair(_ tokens: [Int32], _ end: Int) -> UInt64 {
    UInt64(UInt32(bitPattern: tokens[end - 2])) << 32 | UInt64(UInt32(bitPattern: tokens[end - 1]))
  }

  /// Three ids of up to 21 bits, which every vocabulary's are.
  private static func triple(_ tokens: [Int32], _ end: Int) -> UInt64 {
    (UInt64(UInt32(bitPattern: tokens[end - 3])) << 42) ^ (UInt64(UInt32(bitPattern: tokens[end - 2])) << 21)
      ^ UInt64(UInt32(bitPattern: tokens[end - 1]))
  }
}
