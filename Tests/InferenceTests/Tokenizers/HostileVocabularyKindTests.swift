import Testing
import Venturi

/// Vocabularies in plain text that contradict themselves: each is refused with what is wrong.
struct HostileVocabularyKindTests {
  private struct Case: Sendable {
    let name: String
    let kind: TokenizerDescription.Kind
    let error: TextError
    let spoil: @Sendable (inout TokenizerDescription) throws -> Void

    init(
      _ name: String, _ kind: TokenizerDescription.Kind, _ error: TextError,
      _ spoil: @escaping @Sendable (inout TokenizerDescription) throws -> Void
    ) {
      (self.name, self.kind, self.error, self.spoil) = (name, kind, error, spoil)
    }
  }

  private static let texts = ["<unk>", "<s>", "▁", "a", "b", "ab", "▁a", "<0x61>"]

  private static func description(_ kind: TokenizerDescription.Kind) throws -> TokenizerDescription {
    var description = TokenizerDescription(
      kind: kind, tokens: try ByteStrings(texts), types: [2, 3, 1, 1, 1, 1, 1, 6],
      special: SpecialTokens(beginning: 1, unknown: 0))
    if kind == .sentencePiece || kind == .unigram { description.scores = [0, 0, -1, -2, -3, -4, -5, 0] }
    if kind == .characterPair { description.merges = try ByteStrings(["a b", "▁ a"]) }
    return description
  }

  private static let map = [UInt8](repeating: 0, count: 3)
  private static let trie: [UInt8] = [4, 0, 0, 0] + [0, 0, 0, 0]

  private static let cases: [Case] = [
    Case("no scores", .sentencePiece, .listMissing(field: "scores")) { $0.scores = nil },
    Case("a score too few", .sentencePiece, .tokenScoreCount(scores: 7, tokens: 8)) { $0.scores?.removeLast() },
    Case("a score too many", .unigram, .tokenScoreCount(scores: 9, tokens: 8)) { $0.scores?.append(0) },
    Case("no number", .sentencePiece, .invalidTokenScore(id: 3, score: "nan")) { $0.scores?[3] = .nan },
    Case("an infinite score", .sentencePiece, .invalidTokenScore(id: 0, score: "inf")) { $0.scores?[0] = .infinity },
    Case("minus infinity", .unigram, .invalidTokenScore(id: 4, score: "-inf")) { $0.scores?[4] = -.infinity },
    Case("no scores for unigrams", .unigram, .listMissing(field: "scores")) { $0.scores = nil },
    Case("no merges", .characterPair, .listMissing(field: "merges")) { $0.merges = nil },
    Case("a merge without a space", .characterPair, .malformedMerge(index: 0)) { $0.merges = try ByteStrings(["abc"]) },
    Case("a merge's unknown part", .characterPair, .mergePartNotInVocabulary(index: 0, part: 1)) {
      $0.merges = try ByteStrings(["a c"])
    },
    Case("a merge of a control token", .characterPair, .mergePartNotInVocabulary(index: 0, part: 0)) {
      $0.merges = try ByteStrings(["<s> a"])
    },
    Case("a merge that makes nothing", .characterPair, .mergeResultNotInVocabulary(index: 1)) {
      $0.merges = try ByteStrings(["a b", "b b"])
    },
    Case("an empty vocabulary", .wordPiece, .emptyVocabulary) {
      $0.tokens = try ByteStrings([String]())
      $0.types = nil
    },
    Case("an empty token", .unigram, .emptyToken(id: 3)) { $0.tokens = try changed(3, "") },
    Case("a long token", .sentencePiece, .tokenTooLong(id: 3, bytes: 1025, limit: 1024)) {
      $0.tokens = try changed(3, String(repeating: "x", count: 1025))
    },
    Case("a token twice", .sentencePiece, .duplicateToken(first: 3, second: 4)) { $0.tokens = try changed(4, "a") },
    Case("a control token twice", .unigram, .duplicateToken(first: 0, second: 1)) {
      $0.tokens = try changed(1, "<unk>")
    },
    Case("three digits", .sentencePiece, .malformedByteToken(id: 7)) { $0.tokens = try changed(7, "<0x061>") },
    Case("a byte with a sign", .sentencePiece, .malformedByteToken(id: 7)) { $0.tokens = try changed(7, "<0x+1>") },
    Case("a byte that is a letter", .unigram, .malformedByteToken(id: 7)) { $0.tokens = try changed(7, "x") },
    Case("a byte twice", .sentencePiece, .duplicateToken(first: 6, second: 7)) {
      $0.tokens = try changed(6, "<0x61>")
      $0.types?[6] = 6
    },
    Case("an unknown type", .sentencePiece, .unknownTokenType(id: 2, type: 7)) { $0.types?[2] = 7 },
    Case("a negative type", .wordPiece, .unknownTokenType(id: 2, type: -1)) { $0.types?[2] = -1 },
    Case("a type too few", .unigram, .tokenTypeCount(types: 7, tokens: 8)) { $0.types?.removeLast() },
    Case("an unknown token that is none", .wordPiece, .specialTokenMissing(field: "unknown")) {
      $0.special.unknown = nil
    },
    Case("an unknown token behind", .wordPiece, .specialTokenOutOfRange(field: "unknown", id: 8, count: 8)) {
      $0.special.unknown = 8
    },
    Case("a map of three bytes", .unigram, .malformedCharacterMap(offset: 0, problem: "3 bytes are no header")) {
      $0.characterMap = map
    },
    Case("a map without a trie", .unigram, .malformedCharacterMap(offset: 0, problem: "a trie of 0 bytes in 8")) {
      $0.characterMap = [0, 0, 0, 0, 0, 0, 0, 0]
    },
    Case("a map of a part", .unigram, .malformedCharacterMap(offset: 0, problem: "a trie of 3 bytes in 8")) {
      $0.characterMap = [3, 0, 0, 0, 0, 0, 0, 0]
    },
    Case("a map larger than it is", .unigram, .malformedCharacterMap(offset: 0, problem: "a trie of 4 bytes in 8")) {
      $0.characterMap = trie
    },
    Case("a map without an end", .unigram, .malformedCharacterMap(offset: 8, problem: "the last string does not end")) {
      $0.characterMap = trie + [0x61]
    },
    Case("a map that explodes", .unigram, .malformedCharacterMap(offset: 8, problem: "a string of 65 bytes")) {
      $0.characterMap = trie + [UInt8](repeating: 0x61, count: 65) + [0]
    },
  ]

  private static func changed(_ id: Int, _ text: String) throws -> ByteStrings {
    try ByteStrings(texts.indices.map { $0 == id ? text : texts[$0] })
  }

  @Test func everyCaseNamesItsFault() throws {
    #expect(Self.cases.count >= 30)
    for item in Self.cases {
      var description = try Self.description(item.kind)
      try item.spoil(&description)
      #expect(throws: item.error, "\(item.name)") { try Tokenizer(description) }
    }
  }

  @Test func soundOnesAreTaken() throws {
    for kind in TokenizerDescription.Kind.allCases where kind != .bytePair {
      let tokenizer = try Tokenizer(Self.description(kind))
      let ids = tokenizer.encode("ab c", addBoundaries: false)
      #expect(!ids.isEmpty && ids.allSatisfy { (0..<8).contains($0) }, "\(kind)")
    }
    #expect(try Tokenizer(Self.description(.sentencePiece)).encode("ab", addBoundaries: false) == [2, 5])
    #expect(try Tokenizer(Self.description(.unigram)).encode("ab") == [2, 5])
  }

  /// Any bytes as a map of characters: refused, or harmless.
  @Test(arguments: 0..<40)
  func anyCharacterMap(seed: Int) throws {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    func next() -> UInt8 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    for units in 1...40 {
      let body = (0..<4 * units).map { _ in next() & (next() | 3) }
      var description = try Self.description(.unigram)
      description.characterMap = [UInt8(4 * units), 0, 0, 0] + body + (0..<20).map { _ in next() % 4 } + [0]
      let tokenizer = try Tokenizer(description)
      _ = tokenizer.encode(bytes: (0..<200).map { _ in next() })
    }
  }
}
