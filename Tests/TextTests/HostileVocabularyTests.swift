import Testing
import Text

/// Vocabularies as a hostile or broken file may bring them: each gives the error that names what is wrong.
struct HostileVocabularyTests {
  private struct Case: Sendable {
    let name: String
    let error: TextError
    let spoil: @Sendable (inout TinyVocabulary) -> Void

    init(_ name: String, _ error: TextError, _ spoil: @escaping @Sendable (inout TinyVocabulary) -> Void) {
      self.name = name
      self.error = error
      self.spoil = spoil
    }
  }

  private static func range(_ field: String, _ id: Int, count: Int = 261) -> TextError {
    .specialTokenOutOfRange(field: field, id: id, count: count)
  }

  private static let cases: [Case] = [
    Case("no token", .emptyVocabulary) { $0.tokens = [] },
    Case("no token, no type", .emptyVocabulary) { ($0.tokens, $0.hasTypes) = ([], false) },
    Case("an empty token", .emptyToken(id: 5)) { $0.tokens[5] = "" },
    Case("an empty first token", .emptyToken(id: 0)) { $0.tokens[0] = "" },
    Case("an empty control token", .emptyToken(id: 260)) { $0.tokens[260] = "" },
    Case("only empty tokens", .emptyToken(id: 0)) {
      ($0.tokens, $0.hasTypes, $0.special) = (["", ""], false, .init())
    },
    Case("a token twice", .duplicateToken(first: 256, second: 257)) { $0.tokens[257] = "ab" },
    Case("a byte twice", .duplicateToken(first: 3, second: 9)) { $0.tokens[9] = $0.tokens[3] },
    Case("a control token like an ordinary one", .duplicateToken(first: 256, second: 260)) { $0.tokens[260] = "ab" },
    Case("a control token like an encoded one", .duplicateToken(first: 259, second: 260)) { $0.tokens[260] = "Ġa" },
    Case("control tokens twice", .duplicateToken(first: 259, second: 260)) {
      ($0.tokens[259], $0.tokens[260], $0.types[259]) = ("<a b>", "<a b>", 3)
    },
    Case("an unused token like an ordinary one", .duplicateToken(first: 256, second: 258)) {
      ($0.tokens[258], $0.types[258]) = ("ab", 5)
    },
    Case("a space in an ordinary token", .tokenOutsideByteAlphabet(id: 256, offset: 1)) { $0.tokens[256] = "a b" },
    Case("a line feed in an ordinary token", .tokenOutsideByteAlphabet(id: 256, offset: 0)) { $0.tokens[256] = "\n" },
    Case("a zero byte", .tokenOutsideByteAlphabet(id: 256, offset: 2)) { $0.tokens[256] = "ab\0" },
    Case("a space before a character behind the alphabet", .tokenOutsideByteAlphabet(id: 256, offset: 1)) {
      $0.tokens[256] = "a 中"
    },
    Case("a soft hyphen", .tokenOutsideByteAlphabet(id: 256, offset: 0)) { $0.tokens[256] = "\u{AD}" },
    Case("a very long token", .tokenTooLong(id: 257, bytes: 65_537, limit: 65_536)) {
      $0.tokens[257] = String(repeating: "a", count: 65_537)
    },
    Case("a very long control token", .tokenTooLong(id: 260, bytes: 100_000, limit: 65_536)) {
      $0.tokens[260] = String(repeating: "a", count: 100_000)
    },
    Case("too few types", .tokenTypeCount(types: 260, tokens: 261)) { $0.types.removeLast() },
    Case("too many types", .tokenTypeCount(types: 262, tokens: 261)) { $0.types.append(1) },
    Case("no types in a list", .tokenTypeCount(types: 0, tokens: 261)) { $0.types = [] },
    Case("type 0", .unknownTokenType(id: 7, type: 0)) { $0.types[7] = 0 },
    Case("a byte token", .unknownTokenType(id: 7, type: 6)) { $0.types[7] = 6 },
    Case("type 7", .unknownTokenType(id: 260, type: 7)) { $0.types[260] = 7 },
    Case("type -1", .unknownTokenType(id: 0, type: -1)) { $0.types[0] = -1 },
    Case("type 257, 1 in its low byte", .unknownTokenType(id: 0, type: 257)) { $0.types[0] = 257 },
    Case("a type of 32 bits", .unknownTokenType(id: 0, type: .min)) { $0.types[0] = .min },
    Case("an end token behind the last", range("end", 261)) { $0.special.end = 261 },
    Case("a negative end token", range("end", -1)) { $0.special.end = -1 },
    Case("a beginning token of 32 bits", range("beginning", 4_294_967_295)) { $0.special.beginning = 4_294_967_295 },
    Case("a beginning token of 64 bits", range("beginning", .max)) { $0.special.beginning = .max },
    Case("a turn's end out of range", range("end-of-turn", 1_000)) { $0.special.endOfTurn = 1_000 },
    Case("an unknown token out of range", range("unknown", 261)) { $0.special.unknown = 261 },
    Case("a padding token out of range", range("padding", .min)) { $0.special.padding = .min },
    Case("a beginning asked for but not named", .specialTokenMissing(field: "beginning")) {
      $0.special.addsBeginning = true
    },
    Case("an end asked for but not named", .specialTokenMissing(field: "end")) { $0.special = .init(addsEnd: true) },
    Case("65 nested control tokens", .specialTokensNested(id: 320, depth: 64, limit: 63)) {
      for count in 1...65 { $0.tokens.append(String(repeating: "~", count: 300 + count)) }
      ($0.tokens[260], $0.types) = ("<end>", $0.types + [Int32](repeating: 4, count: 65))
      $0.tokens.swapAt(320, 325)
    },
    Case("a merge without a space", .malformedMerge(index: 1)) { $0.merges[1] = "bc" },
    Case("an empty merge", .malformedMerge(index: 0)) { $0.merges[0] = "" },
    Case("a merge of a space", .malformedMerge(index: 0)) { $0.merges[0] = " " },
    Case("a merge without a right part", .malformedMerge(index: 0)) { $0.merges[0] = "ab " },
    Case("a merge without a left part", .malformedMerge(index: 2)) { $0.merges[2] = " abc" },
    Case("a merge of three parts", .mergePartNotInVocabulary(index: 2, part: 1)) { $0.merges[2] = "a b c" },
    Case("an unknown left part", .mergePartNotInVocabulary(index: 2, part: 0)) { $0.merges[2] = "ba c" },
    Case("an unknown right part", .mergePartNotInVocabulary(index: 3, part: 1)) { $0.merges[3] = "Ġ ca" },
    Case("a left part outside the alphabet", .mergePartNotInVocabulary(index: 3, part: 0)) { $0.merges[3] = "中 a" },
    Case("a right part outside the alphabet", .mergePartNotInVocabulary(index: 3, part: 1)) {
      $0.merges[3] = "a \u{0}"
    },
    Case("a merge that makes nothing", .mergeResultNotInVocabulary(index: 1)) { $0.merges[1] = "b b" },
    Case("another pre-tokenizer", .unsupportedPreTokenizer(name: "llama-bpf")) { $0.preTokenizer = "llama-bpf" },
    Case("an empty pre-tokenizer", .unsupportedPreTokenizer(name: "")) { $0.preTokenizer = "" },
    Case("a pre-tokenizer in capitals", .unsupportedPreTokenizer(name: "SmolLM")) { $0.preTokenizer = "SmolLM" },
  ]

  @Test func everyCaseNamesItsFault() throws {
    #expect(HostileVocabularyTests.cases.count >= 40)
    #expect(try TinyVocabulary().tokenizer().encode("abc a") == [258, 259])
    for item in HostileVocabularyTests.cases {
      var vocabulary = TinyVocabulary()
      item.spoil(&vocabulary)
      #expect(throws: item.error, "\(item.name)") { try vocabulary.tokenizer() }
      #expect(!item.error.description.isEmpty)
    }
  }

  @Test func malformedLists() {
    func expect(_ bytes: [UInt8], _ offsets: [UInt32], _ index: Int, _ offset: Int) {
      #expect(throws: TextError.malformedByteStrings(index: index, offset: offset, bytes: bytes.count)) {
        try ByteStrings(bytes: bytes, offsets: offsets)
      }
    }
    expect([1, 2], [], 0, 0)
    expect([1, 2], [1, 2], 0, 1)
    expect([1, 2], [0, 1], 1, 1)
    expect([1, 2], [0, 3], 1, 3)
    expect([1, 2], [0, 2, 1, 2], 2, 1)
    expect([1, 2], [0, .max], 1, Int(UInt32.max))
    expect([1], [0], 0, 0)
  }

  @Test func absurdCounts() throws {
    let many = try ByteStrings(bytes: [], offsets: [UInt32](repeating: 0, count: Vocabulary.countLimit + 2))
    #expect(throws: TextError.tooManyTokens(count: 2_097_152, limit: 2_097_151)) {
      try Vocabulary(byteLevelTokens: many, types: nil, special: SpecialTokens())
    }
    let vocabulary = try TinyVocabulary().tokenizer().vocabulary
    let merges = try ByteStrings(bytes: [], offsets: [UInt32](repeating: 0, count: (1 << 22) + 1))
    #expect(throws: TextError.tooManyMerges(count: 4_194_304, limit: 4_194_302)) {
      try Tokenizer(vocabulary: vocabulary, merges: merges, preTokenizer: "smollm")
    }
  }

  @Test(arguments: 0..<200)
  func anyVocabularyIsTakenOrRefused(seed: Int) throws {
    var random = TestRandom(state: UInt64(seed))
    let parts: [[UInt8]] = [
      [0x61], [0x62], [0xC4, 0xA0], [0x3C], [0x20], [0xC4], [0xFF], [0x7E], [], [0xE2, 0x96, 0x81],
    ]
    var taken = 0
    for round in 0..<50 {
      // Most rounds use harmless parts only, so that many vocabularies get through to the merges and beyond.
      let limit = round % 5 == 0 ? parts.count : 4
      func list(_ count: Int, _ make: () -> [UInt8]) throws -> ByteStrings {
        let strings = (0..<count).map { _ in make() }
        let offsets = strings.reduce(into: [UInt32(0)]) { $0.append(($0.last ?? 0) + UInt32($1.count)) }
        return try ByteStrings(bytes: strings.flatMap { $0 }, offsets: offsets)
      }
      func word(_ lengths: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: lengths, using: &random)).flatMap { _ in parts[Int.random(in: 0..<limit, using: &random)] }
      }
      let count = Int.random(in: 1...8, using: &random)
      let tokens = try list(count) { word(1...3) }
      let merges = try list(Int.random(in: 0...3, using: &random)) { word(1...1) + [0x20] + word(1...1) }
      let types = (0..<count).map { _ in Int32.random(in: round % 5 == 0 ? -1...7 : 1...5, using: &random) }
      let special = SpecialTokens(end: Int.random(in: -1...count, using: &random))
      let bytes = Bool.random(using: &random) ? random.bytes(60) : word(0...60)
      do {
        let vocabulary = try Vocabulary(byteLevelTokens: tokens, types: types, special: special)
        let tokenizer = try Tokenizer(vocabulary: vocabulary, merges: merges, preTokenizer: "smollm")
        for parseSpecial in [true, false] {
          let ids = tokenizer.encode(bytes: bytes, parseSpecial: parseSpecial)
          #expect(ids.allSatisfy { (0..<TokenID(count)).contains($0) })
          _ = try tokenizer.decode(ids)
        }
        taken += 1
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
    #expect(taken > 0 && taken < 50)
  }

  @Test func unusualButSound() throws {
    // One token, no merge; every other byte is left out.
    let one = try Vocabulary(byteLevelTokens: ByteStrings(["a"]), types: nil, special: SpecialTokens())
    let tokenizer = try Tokenizer(vocabulary: one, merges: ByteStrings([String]()), preTokenizer: "smollm")
    #expect(tokenizer.encode("banana") == [0, 0, 0] && one.missingBytes.count == 255)
    #expect(tokenizer.encode(String(repeating: "xa", count: 5_000)) == [TokenID](repeating: 0, count: 5_000))
    // Ordinary tokens in plain text, as Command-R has, stand for it and come from no text.
    var plain = TinyVocabulary()
    (plain.tokens[256], plain.tokens[257], plain.merges) = ("ań", "中", [])
    #expect(try plain.tokenizer().decode([256, 257]) == "ań中")
    #expect(try plain.tokenizer().encode("中").count == 3)
    // Of two merges of one pair the first counts.
    var twice = TinyVocabulary()
    twice.merges = ["b c", "a b", "ab c", "a bc", "b c"]
    #expect(try twice.tokenizer().encode("abc") == [258])
  }

  @Test(.timeLimit(.minutes(2)))
  func longestWords() throws {
    let tokenizer = try SmolLM2.tokenizer()
    for unit in ["a", "ab", "é", " ", "\n ", "!", "\u{0}", "<|im_start|"] {
      let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
      #expect(try tokenizer.decode(tokenizer.encode(text, parseSpecial: true)) == text)
    }
  }
}
