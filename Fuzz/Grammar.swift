// Grammars in GBNF: whatever the bytes are, there is an error that says where, or an automaton that follows any text within
// its limits, whose masks are those of each token tried by itself, and that accepts what its masks lead to.
import Text

private let trie: TokenTrie? = makeTrie()

/// Single bytes, a few longer tokens, and one that is longer than states are compared for.
private func makeTrie() -> TokenTrie? {
  let visible = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
  let alphabet = (visible + Array(256..<256 + 256 - visible.count)).compactMap { Unicode.Scalar($0).map { String($0) } }
  let tokens = alphabet + ["ab", "abc", "),", "()", "Ã©", "}]", String(repeating: "a", count: 20), "<|end|>"]
  let types = [Int32](repeating: 1, count: tokens.count - 1) + [3]
  let vocabulary = try? Vocabulary(
    byteLevelTokens: ByteStrings(tokens), types: types, special: SpecialTokens(end: tokens.count - 1))
  return vocabulary.map { TokenTrie($0) }
}

func check(_ bytes: UnsafeRawBufferPointer) {
  follow(bytes) { try Grammar(gbnf: String(decoding: bytes, as: UTF8.self)) }
}

/// Follows a text of the fuzzer's through a grammar that may not be one.
func follow(_ bytes: UnsafeRawBufferPointer, _ make: () throws -> Grammar) {
  guard let trie else { fatalError("no vocabulary") }
  do {
    let grammar = try make()
    let (fast, slow) = (try GrammarMatcher(grammar, trie), try GrammarMatcher(grammar, trie))
    var text: [UInt8] = []
    for byte in bytes.suffix(24) {
      let mask = try fast.mask()
      let allowed = (0..<Int32(trie.count)).filter(mask.contains)
      for id in 0..<Int32(trie.count) {
        guard try slow.allows(id) == mask.contains(id) else { fatalError("token \(id) after \(text)") }
      }
      let inside = allowed.filter { $0 != Int32(trie.count) - 1 }
      guard !inside.isEmpty else { break }
      let token = inside[Int(byte) % inside.count]
      guard try fast.advance(token), try slow.advance(token) else { fatalError("\(token) was allowed after \(text)") }
      text += trie.bytes(of: token)
    }
    guard try grammar.matches(text) == fast.isAccepting else { fatalError("\(text) is whole or not") }
  } catch let error as TextError {
    switch error {
    case .grammarMalformed(let line, let problem):
      guard line >= 1, !problem.isEmpty else { fatalError("no place: \(error)") }
    case .schemaInvalid(let path, let problem), .schemaUnsupported(let path, let problem):
      guard path.hasPrefix("#"), !problem.isEmpty else { fatalError("no place: \(error)") }
    case .grammarLeftRecursion, .grammarLimit: break
    default: fatalError("no error of a grammar: \(error)")
    }
  } catch { fatalError("no error of a grammar: \(error)") }
}

func seeds() -> [[UInt8]] {
  let texts = [
    "root ::= object\nvalue ::= object | array | string | \"null\"\nobject ::= \"{\" (string \":\" value (\",\" string \":\" value)*)? \"}\"\n"
      + "array ::= \"[\" (value (\",\" value)*)? \"]\"\nstring ::= \"\\\"\" [^\"\\\\\\x7F\\x00-\\x1F]* \"\\\"\"\n",
    "root ::= (expr \"=\" term \"\\n\")+\nexpr ::= term ([-+*/] term)*\nterm ::= [0-9]{1,3} | \"(\" expr \")\"",
    "root ::= . [^a-c]? \"\\u00e9\" [\\U0001F600-\\U0001F64F]{2,} # comment\n",
    "root ::= \"a\"{3,40} (\"b\" | [a-c]{17} | c){2,5}\nc ::= [a-z]{0,30} \")\"",
    "root ::= \"a\"* b{0,4}\nb ::= (\"x\" | \"y\")+ | \"\"",
    "root ::= a\na ::= \"a\" a \"b\" | \"a\" a \"c\" | \"a\"",
  ]
  return texts.map { Array($0.utf8) }
}
