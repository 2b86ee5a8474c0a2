import Formats
import Testing
import Text

struct GrammarTests {
  private func bytes(_ scalars: [Unicode.Scalar]) -> [UInt8] {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return Array(String(view).utf8)
  }

  /// Texts made from random grammars follow them, and changed ones do if and only if the plain matcher says so.
  @Test func randomGrammars() throws {
    var (accepted, rejected, grammars) = (0, 0, 0)
    for seed in 0..<400 {
      var random = TestRandom(state: UInt64(seed))
      let count = Int.random(in: 1...4, using: &random)
      let rules = (0..<count).map { NaiveGrammar.random(&random, depth: 4, rules: count, from: $0) }
      let text = rules.enumerated().map { "\($0 == 0 ? "root" : "r\($0)") ::= \($1.gbnf)\n" }.joined()
      let grammar = try Grammar(gbnf: text)
      grammars += 1
      for _ in 0..<12 {
        guard var sample = rules[0].sample(rules, &random), sample.count < 60 else { continue }
        #expect(try grammar.matches(bytes(sample)), "\(text): \(sample)")
        accepted += 1
        for _ in 0..<4 {
          let place = Int.random(in: 0...sample.count, using: &random)
          switch Int.random(in: 0..<3, using: &random) {
          case 0 where place < sample.count: sample.remove(at: place)
          case 1 where place < sample.count:
            sample[place] = ["a", "b", "é", ")", "x"].randomElement(using: &random) ?? "a"
          default: sample.insert(["a", "(", "c", "\u{1F600}"].randomElement(using: &random) ?? "a", at: place)
          }
          let expected = NaiveGrammar.matches(rules, sample)
          #expect(try grammar.matches(bytes(sample)) == expected, "\(text): \(sample)")
          if expected { accepted += 1 } else { rejected += 1 }
        }
      }
    }
    #expect(grammars == 400 && accepted > 4_000 && rejected > 4_000)
  }

  @Test(arguments: [
    ("root ::= \"a\" | \"b\" # c\n", ["a", "b"], ["", "ab", "c"]),
    ("root ::= [^\"\\\\\\n] [a-cx]+ \".\"?", ["éa", "zxcb."], ["\"a", "a", "ad"]),
    ("root ::= (\n \"a\"\n \"b\" |\n \"c\"\n){2}\n", ["abab", "cab"], ["ab", "ccc"]),
    ("root ::= item (\",\" item)*\nitem ::= [0-9]{1,3}\n", ["1", "12,345"], ["1234", ",", "1,"]),
    ("root ::= value\nvalue ::= \"(\" value? \")\" | \"x\"", ["x", "((x))", "()"], ["(", "(x"]),
    ("root ::= .{2,}", ["aé", "\u{10FFFF}\n\n"], ["a", ""]), ("root ::= \"\"", [""], ["a"]),
    ("root ::= \"\\u00e9\\x41\\U0001F600\"", ["éA\u{1F600}"], ["e"]), ("root ::= [\\]\\-x-]+", ["]-x"], ["\\"]),
    ("root ::= a-b a_c\na-b ::= \"1\"\n\na_c ::= \"2\"", ["12"], ["21"]), ("root ::= (\"a\"*)*", ["", "aaa"], ["b"]),
    ("root ::= list\nlist ::= \"a\" list | \"a\"", ["a", String(repeating: "a", count: 5_000)], ["", "b"]),
  ])
  func notation(_ source: String, _ good: [String], _ bad: [String]) throws {
    let grammar = try Grammar(gbnf: source)
    for text in good { #expect(try grammar.matches(text.utf8), "\(source): \(text.prefix(40))") }
    for text in bad { #expect(try !grammar.matches(text.utf8), "\(source): \(text)") }
  }

  /// What does not end as UTF-8 is no text.
  @Test func onlyUTF8() throws {
    let grammar = try Grammar(gbnf: "root ::= .*")
    for bytes: [UInt8] in [[0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF]] {
      #expect(try !grammar.matches(bytes))
    }
    for value in stride(from: 0, through: 0x10FFFF, by: 97) {
      guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
      #expect(try grammar.matches(String(Character(scalar)).utf8))
    }
  }

  /// The mask of a state is that of each token tried by itself, wherever a random text of random tokens leads.
  @Test func masksAreThoseOfBruteForce() throws {
    let vocabulary = try SmolLM2.tokenizer().vocabulary
    let trie = TokenTrie(vocabulary)
    let schema: JSON = [
      "type": "object", "required": ["name", "tags", "n"],
      "properties": [
        "name": ["type": "string", "maxLength": 12], "tags": ["type": "array", "items": ["type": "string"]],
        "n": ["type": "integer", "minimum": -5, "maximum": 1200], "any": true,
      ],
    ]
    let grammars = [
      try Grammar(jsonSchema: schema), try Grammar(jsonSchema: true),
      try Grammar(gbnf: "root ::= [^a-m]* \"é\" [a-z]{3,5}"),
      try Grammar(gbnf: "root ::= e\ne ::= t (\"+\" t)*\nt ::= \"(\" e \")\" | [0-9]+"),
    ]
    var states = 0
    for (number, grammar) in grammars.enumerated() {
      for seed in 0..<3 {
        var random = TestRandom(state: UInt64(100 * number + seed))
        // One that never makes masks is asked token by token.
        let (fast, slow) = (try GrammarMatcher(grammar, trie), try GrammarMatcher(grammar, trie))
        for step in 0..<12 {
          let mask = try fast.mask()
          if step % 3 == seed {
            for id in 0..<vocabulary.count {
              let token = TokenID(id)
              if try slow.allows(token) != mask.contains(token) {
                Issue.record("grammar \(number), step \(step), \(token)")
              }
            }
            states += 1
          }
          let allowed = (0..<vocabulary.count).map { TokenID($0) }.filter(mask.contains)
          guard let token = allowed.randomElement(using: &random), !vocabulary.endsGeneration(token) else { break }
          #expect(try fast.advance(token) && slow.advance(token))
          if fast.isComplete { break }
        }
      }
    }
    #expect(states >= 25)
  }

  @Test func endsWhereTheTextIsWhole() throws {
    let vocabulary = try SmolLM2.tokenizer().vocabulary
    let trie = TokenTrie(vocabulary)
    let matcher = try GrammarMatcher(try Grammar(gbnf: "root ::= \"a\"+"), trie)
    let end: TokenID = 2
    #expect(try !matcher.allows(end) && !matcher.mask().contains(end) && !matcher.isAccepting)
    let a = try SmolLM2.tokenizer().encode("a")[0]
    #expect(try matcher.advance(a) && matcher.allows(end) && matcher.mask().contains(end) && !matcher.isComplete)
    // Control tokens are in no text, and what is outside of the vocabulary is nothing.
    #expect(try !matcher.allows(1) && !matcher.advance(1) && !matcher.allows(-1) && !matcher.allows(.max))
    let without = try GrammarMatcher(try Grammar(gbnf: "root ::= \"a\""), trie, allowsEnd: false)
    #expect(try without.advance(a) && without.isComplete && without.mask().isEmpty && !without.allows(end))
  }

  /// More states than are kept are forgotten, and the text goes on.
  @Test func longTexts() throws {
    let tokenizer = try SmolLM2.tokenizer()
    let trie = TokenTrie(tokenizer.vocabulary)
    let matcher = try GrammarMatcher(try Grammar(gbnf: "root ::= [a-z ]{0,9999} \"!\""), trie)
    let text = String(repeating: "the water in a pipe ", count: 499) + "!"
    for token in tokenizer.encode(text) { #expect(try matcher.advance(token)) }
    #expect(matcher.isComplete)
    let nested = try GrammarMatcher(try Grammar(jsonSchema: true), trie)
    for token in tokenizer.encode(String(repeating: "[{\"a\":", count: 40) + "1" + String(repeating: "}]", count: 40)) {
      #expect(try nested.advance(token))
      _ = try nested.mask()
    }
    #expect(nested.isAccepting)
  }
}
