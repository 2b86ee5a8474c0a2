import Tensors

/// Prompts of real text with exactly so many tokens.
///
/// Every prompt begins with three words that no other one of the maker begins with, so that a server's cache of prefixes has nothing to find,
/// or with the one prefix that all have in common, so that it has.
public struct PromptMaker: Sendable {
  private let words: [Substring]
  private let counter: any TokenCounter
  private var random: Random
  private var openings: Set<[Int]> = []
  /// What all prompts begin with.
  public private(set) var prefix = ""
  private var prefixTokens = 0

  /// A maker that takes its words from `text`.
  ///
  /// - Throws: ``LoadError/invalidSetting(field:value:problem:)`` for a text of less than 100 words.
  public init(text: String, counter: any TokenCounter, seed: UInt64) throws(LoadError) {
    words = text.split { $0.isWhitespace }
    if words.count < 100 {
      throw .invalidSetting(field: "text", value: "\(words.count) words", problem: "must have at least 100 words")
    }
    self.counter = counter
    random = Random(seed: seed, stream: 4)
  }

  /// Lets all prompts from now on begin with the same `tokens` tokens.
  ///
  /// - Throws: ``LoadError/noSuchPrompt(tokens:)``; what the counter throws.
  public mutating func share(tokens: Int) async throws {
    prefix = try await prompt(tokens: tokens)
    prefixTokens = tokens
  }

  /// A prompt of exactly `tokens` tokens.
  ///
  /// - Throws: ``LoadError/noSuchPrompt(tokens:)``; what the counter throws.
  public mutating func prompt(tokens: Int) async throws -> String {
    // A text that cannot be brought to the number is rare; another beginning is another text.
    for _ in 0..<8 {
      var opening: [Int] = []
      for _ in 0..<1000 where opening.isEmpty || openings.contains(opening) {
        opening = (0..<3).map { _ in drawn() }
      }
      if let text = try await fitted(opening, start: drawn(), tokens) {
        openings.insert(opening)
        return text
      }
    }
    throw LoadError.noSuchPrompt(tokens: tokens)
  }

  private mutating func drawn() -> Int { Int(random.uniform() * Double(words.count)) }

  private func text(_ opening: [Int], start: Int, count: Int, filling: String) -> String {
    var text = prefix
    func add(_ word: Substring) {
      if !text.isEmpty { text += " " }
      text += word
    }
    for index in opening.prefix(count) { add(words[index]) }
    for index in 0..<max(0, count - opening.count) { add(words[(start + index) % words.count]) }
    return text + filling
  }

  /// The text of `wanted` tokens: the number of words by the rule of false position, and then words that have one token with every tokenizer of
  /// English.
  private func fitted(_ opening: [Int], start: Int, _ wanted: Int) async throws -> String? {
    // The most words found too few and the fewest found too many.
    var (few, many) = (0, Int.max)
    var best: (words: Int, tokens: Int)?
    var count = max(1, Int(Double(wanted - prefixTokens) / 1.3))
    for _ in 0..<40 {
      let text = text(opening, start: start, count: count, filling: "")
      let tokens = try await counter.tokens(in: text)
      if tokens == wanted { return text }
      if tokens < wanted {
        few = max(few, count)
        if best.map({ $0.tokens < tokens }) ?? true { best = (count, tokens) }
      } else {
        many = min(many, count)
      }
      if many - few <= 1 { break }
      let perWord = max(1, Double(max(1, tokens - prefixTokens)) / Double(count))
      let step = Int((Double(wanted - tokens) / perWord).rounded())
      count = min(max(count + (step == 0 ? (wanted - tokens).signum() : step), few + 1), many - 1)
    }
    guard let best else { return nil }
    var filling = ""
    var tokens = best.tokens
    for word in [" a", " the", " of", ",", " in", " a", " to", "."] where tokens < wanted {
      let text = text(opening, start: start, count: best.words, filling: filling + word)
      let count = try await counter.tokens(in: text)
      if count == wanted { return text }
      if count > tokens, count < wanted { (filling, tokens) = (filling + word, count) }
    }
    return nil
  }
}
