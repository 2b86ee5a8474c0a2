import Formats
import Testing
import Text

/// Masks near the bounds of counted repetitions, where states that are otherwise alike differ.
struct CountedMaskTests {
  static let bounds: [(least: Int, most: Int?)] = [
    (0, 0), (0, 1), (1, 1), (1, nil), (2, 3), (0, 8), (8, 8), (0, 17), (20, 40), (20, nil), (0, 300), (300, 300),
    (150, 400),
  ]

  /// Plain characters, and such of two to four bytes with escapes between.
  private static let alphabets = [["x"], ["a", "é", "\\n", "ท", "\u{1F600}", "\\u00e9", " ", "\\\""]]
  /// First bytes of a character.
  private static let cuts: [[UInt8]] = [
    [0xC3], [0xE0], [0xE0, 0xB8], [0xF0, 0x9F], [0x5C], [0x5C, 0x75], [0x5C, 0x75, 0x64], [0x5C, 0x75, 0x30, 0x30],
  ]

  /// The mask after each number of characters is that of every token tried by itself, as a program that counts has it.
  @Test(arguments: bounds)
  func lengthsOfStrings(_ least: Int, _ most: Int?) throws {
    let trie = TokenTrie(try SmolLM2.tokenizer().vocabulary)
    let pieces = (0..<trie.count).map { trie.bytes(of: TokenID($0)) }
    var tokens = [TokenID](repeating: -1, count: 256)
    for (id, piece) in pieces.enumerated() where piece.count == 1 { tokens[Int(piece[0])] = TokenID(id) }
    var schema: [JSON.Member] = [JSON.Member("type", "string"), JSON.Member("minLength", .integer(least))]
    if let most { schema.append(JSON.Member("maxLength", .integer(most))) }
    let grammar = try Grammar(jsonSchema: .object(schema))
    let naive = NaiveString(least: least, most: most)
    let last = most ?? least + 40
    let counts = Set([0, 1, (least + last) / 2] + [40, 17, 15, 2, 1, 0].flatMap { [least - $0, last - $0] })
    var (states, wrong) = (0, 0)
    func compare(_ matcher: GrammarMatcher, _ count: Int, _ rest: [UInt8]) throws {
      let mask = try matcher.mask()
      for (id, piece) in pieces.enumerated() {
        let expected = !piece.isEmpty && naive.begins(count, rest + piece)
        if expected != mask.contains(TokenID(id)) {
          wrong += 1
          if wrong < 10 { Issue.record("\(least)...\(last): \(piece) after \(count) characters and \(rest)") }
        }
      }
      states += 1
    }
    for alphabet in Self.alphabets {
      // One matcher goes from count to count, so that what it keeps serves all of them.
      let matcher = try GrammarMatcher(grammar, trie, allowsEnd: false)
      #expect(try matcher.advance(tokens[0x22]))
      var text: [UInt8] = [0x22]
      for count in 0...last {
        if counts.contains(count) {
          try compare(matcher, count, [])
          if alphabet.count > 1, count >= last - 2 {
            for cut in Self.cuts where naive.begins(count, cut) {
              let other = try GrammarMatcher(grammar, trie, allowsEnd: false)
              for byte in text + cut { #expect(try other.advance(tokens[Int(byte)])) }
              try compare(other, count, cut)
            }
          }
        }
        if count == last { break }
        for byte in alphabet[count % alphabet.count].utf8 {
          text.append(byte)
          #expect(try matcher.advance(tokens[Int(byte)]))
        }
      }
    }
    #expect(wrong == 0 && states >= 2 + (last == 0 ? 0 : 8))
  }

  /// With tokens shorter and longer than states are compared for, the masks of random grammars with large counts are those
  /// of each token tried by itself.
  @Test func randomCounts() throws {
    var vocabulary = TinyVocabulary()
    let long = [2, 3, 5, 8, 15, 16, 17, 18, 30, 40]
    let ends = vocabulary.tokens.removeLast()
    for count in long {
      for piece in ["a", "b", "c", "Ã©"] { vocabulary.tokens.append(String(repeating: piece, count: count)) }
      vocabulary.tokens.append(String(repeating: "a", count: count) + "(")
      vocabulary.tokens.append(String(repeating: "a", count: count) + "x)")
    }
    vocabulary.tokens = Array(Set(vocabulary.tokens)).sorted() + [ends]
    vocabulary.types = [Int32](repeating: 1, count: vocabulary.tokens.count - 1) + [3]
    vocabulary.special = SpecialTokens(end: vocabulary.tokens.count - 1)
    let trie = TokenTrie(try vocabulary.tokenizer().vocabulary)
    var (states, allowed) = (0, 0)
    for seed in 0..<300 {
      var random = TestRandom(state: UInt64(seed) << 8)
      let count = Int.random(in: 1...3, using: &random)
      let rules = (0..<count).map { rule in
        let part = NaiveGrammar.random(&random, depth: 3, rules: count, from: rule)
        let least = [0, 1, 7, 16, 17, 18, 25, 40].randomElement(using: &random) ?? 0
        let most = [0, 1, 16, 17, 40].randomElement(using: &random).map { least + $0 }
        return NaiveGrammar.sequence([
          .repetition(part, least, Bool.random(using: &random) ? most : nil), .choice([.text("("), .text("x)"), part]),
        ])
      }
      let source = rules.enumerated().map { "\($0 == 0 ? "root" : "r\($0)") ::= \($1.gbnf)\n" }.joined()
      // Some begin with themselves, are too large or can be read in too many ways.
      guard let grammar = try? Grammar(gbnf: source), let found = try? Self.compare(grammar, trie, &random) else {
        continue
      }
      states += found.states
      allowed += found.allowed
    }
    #expect(states > 2_000 && allowed > 10_000)
  }

  /// Follows a random text and compares; how many masks there were, and tokens in them.
  private static func compare(
    _ grammar: Grammar, _ trie: TokenTrie, _ random: inout TestRandom
  ) throws -> (states: Int, allowed: Int) {
    // One that never makes masks is asked token by token.
    let (fast, slow) = (try GrammarMatcher(grammar, trie), try GrammarMatcher(grammar, trie))
    var (states, allowed) = (0, 0)
    for _ in 0..<25 {
      let mask = try fast.mask()
      var next: [TokenID] = []
      for id in 0..<TokenID(trie.count) {
        let isAllowed = try slow.allows(id)
        if isAllowed != mask.contains(id) { Issue.record("seed \(random.state): \(trie.bytes(of: id))") }
        if isAllowed, !trie.bytes(of: id).isEmpty { next.append(id) }
      }
      states += 1
      allowed += next.count
      guard let token = next.randomElement(using: &random) else { break }
      #expect(try fast.advance(token) && slow.advance(token))
    }
    return (states, allowed)
  }
}
