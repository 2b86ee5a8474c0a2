import Testing
import Text

/// The tokenizer on small random vocabularies against the definition written the plain way, on strings.
struct ReferenceTests {
  @Test(arguments: 0..<60)
  func mergesByDefinition(seed: Int) throws {
    var random = TestRandom(state: UInt64(seed))
    let letters = ["a", "b", "c", "d"]
    var tokens = letters + ["x", "y"]
    var merges: [(String, String)] = []
    while merges.count < Int.random(in: 10...60, using: &random) {
      guard let left = tokens.randomElement(using: &random), let right = tokens.randomElement(using: &random),
        !tokens.contains(left + right) || Bool.random(using: &random),
        !merges.contains(where: { $0 == left && $1 == right })
      else { continue }
      merges.append((left, right))
      if !tokens.contains(left + right) { tokens.append(left + right) }
    }
    tokens.shuffle(using: &random)
    let vocabulary = try Vocabulary(byteLevelTokens: ByteStrings(tokens), types: nil, special: SpecialTokens())
    let tokenizer = try Tokenizer(
      vocabulary: vocabulary, merges: ByteStrings(merges.map { "\($0) \($1)" }), preTokenizer: "smollm")
    for length in [1, 2, 3, 7, 20, 39, 40, 41, 42, 80, 300, 700] {
      let word = (0..<length).map { _ in letters[Int.random(in: 0..<4, using: &random)] }
      var parts = word
      while let place = lowest(parts, merges) { parts[place] += parts.remove(at: place + 1) }
      let expected = parts.compactMap { part in tokens.firstIndex(of: part).map { TokenID($0) } }
      #expect(tokenizer.encode(word.joined()) == expected)
    }
  }

  @Test(arguments: 0..<60)
  func specialTokensByDefinition(seed: Int) throws {
    var random = TestRandom(state: UInt64(seed))
    func word(_ lengths: ClosedRange<Int>) -> String {
      (0..<Int.random(in: lengths, using: &random)).map { _ in ["<", "a", ">"][Int.random(in: 0..<3, using: &random)] }
        .joined()
    }
    let special = Array(Set((0..<6).map { _ in word(2...5) })).sorted()
    let types = special.indices.map { $0 % 3 == 0 ? Int32(4) : 3 }
    let vocabulary = try Vocabulary(
      byteLevelTokens: ByteStrings(TinyVocabulary.alphabet + special), types: [Int32](repeating: 1, count: 256) + types,
      special: SpecialTokens())
    let tokenizer = try Tokenizer(
      vocabulary: vocabulary, merges: ByteStrings([String]()), preTokenizer: "smollm")
    for parseSpecial in [true, false] {
      for _ in 0..<40 {
        let text = word(0...30)
        let orders = special.indices.filter { parseSpecial || types[$0] == 4 }
        #expect(tokenizer.encode(text, parseSpecial: parseSpecial) == byDefinition(text, special, orders))
      }
    }
  }

  /// Longest special tokens first, each from left to right, only in what is still text.
  private func byDefinition(_ text: String, _ special: [String], _ orders: [Int]) -> [TokenID] {
    var fragments: [(text: String, id: Int?)] = [(text, nil)]
    let longestFirst = (0...5).reversed().flatMap { length in orders.filter { special[$0].count == length } }
    for order in longestFirst {
      var next: [(text: String, id: Int?)] = []
      for fragment in fragments {
        guard fragment.id == nil else {
          next.append(fragment)
          continue
        }
        for (index, piece) in split(fragment.text, special[order]).enumerated() {
          if index > 0 { next.append(("", 256 + order)) }
          next.append((piece, nil))
        }
      }
      fragments = next
    }
    var ids: [TokenID] = []
    for fragment in fragments {
      if let id = fragment.id { ids.append(TokenID(id)) }
      for letter in fragment.text {
        if let id = TinyVocabulary.alphabet.firstIndex(of: String(letter)) { ids.append(TokenID(id)) }
      }
    }
    return ids
  }

  /// The place of the pair whose merge comes first in the list, the leftmost if it stands at several.
  private func lowest(_ parts: [String], _ merges: [(String, String)]) -> Int? {
    for (left, right) in merges {
      for place in parts.indices.dropLast() where parts[place] == left && parts[place + 1] == right { return place }
    }
    return nil
  }

  private func split(_ text: String, _ separator: String) -> [String] {
    var pieces = [""]
    var rest = Substring(text)
    while !rest.isEmpty {
      if rest.hasPrefix(separator) {
        rest = rest.dropFirst(separator.count)
        pieces.append("")
      } else {
        pieces[pieces.count - 1].append(rest.removeFirst())
      }
    }
    return pieces
  }
}
