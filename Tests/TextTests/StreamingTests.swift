import Testing
import Text

struct StreamingTests {
  /// A vocabulary of the 256 bytes, so that a stream may be cut anywhere, and a control token.
  private static func bytewise() throws -> Vocabulary {
    try Vocabulary(
      byteLevelTokens: ByteStrings(TinyVocabulary.alphabet + ["<|stop|>"]),
      types: [Int32](repeating: 1, count: 256) + [3], special: SpecialTokens())
  }

  /// The tokens of bytes in that vocabulary.
  private static func tokens(_ bytes: [UInt8], _ vocabulary: Vocabulary) throws -> [TokenID] {
    var order = [TokenID](repeating: 0, count: 256)
    for id in 0..<TokenID(256) {
      for byte in try vocabulary.bytes(of: id) { order[Int(byte)] = id }
    }
    return bytes.map { order[Int($0)] }
  }

  /// Every part is valid text: rendering and re-reading it changes nothing.
  private static func stream(_ tokens: [TokenID], _ vocabulary: Vocabulary) throws -> [String] {
    var detokenizer = StreamingDetokenizer(vocabulary: vocabulary)
    var parts = try tokens.map { try detokenizer.append($0) }
    #expect(!parts.contains { $0.utf8.count > 12 && vocabulary.count < 300 })
    parts.append(detokenizer.finish())
    #expect(!detokenizer.isHolding)
    return parts
  }

  @Test(arguments: 0..<100)
  func joinedStreamIsTheWhole(seed: Int) throws {
    let vocabulary = try StreamingTests.bytewise()
    var random = TestRandom(state: UInt64(seed))
    for _ in 0..<100 {
      let bytes =
        Bool.random(using: &random)
        ? random.bytes(Int.random(in: 0...40, using: &random)) : Array(random.text(scalars: 12).utf8)
      var tokens = try StreamingTests.tokens(bytes, vocabulary)
      if !tokens.isEmpty { tokens.insert(256, at: Int.random(in: 0..<tokens.count, using: &random)) }
      let parts = try StreamingTests.stream(tokens, vocabulary)
      // The standard library's decoding is the independent oracle for replaced sequences.
      #expect(Array(parts.joined().utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8))
    }
  }

  @Test func textComesAsSoonAsItIsCertain() throws {
    let vocabulary = try StreamingTests.bytewise()
    let tokens = try StreamingTests.tokens(Array("é👍z".utf8), vocabulary)
    #expect(try StreamingTests.stream(tokens, vocabulary) == ["", "é", "", "", "", "👍", "z", ""])
    let broken = try StreamingTests.tokens([0xF0, 0x9F, 0x41, 0xE2, 0x82], vocabulary)
    #expect(try StreamingTests.stream(broken, vocabulary) == ["", "", "\u{FFFD}A", "", "", "\u{FFFD}"])
  }

  @Test func cutAtEveryByteOfALongCharacter() throws {
    let vocabulary = try StreamingTests.bytewise()
    var streams = 0
    for value in stride(from: UInt32(0x10000), through: 0x10FFFF, by: 97) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let bytes = Array(String(scalar).utf8)
      for cut in 1..<4 {
        let tokens = try StreamingTests.tokens(Array(bytes.prefix(cut)), vocabulary)
        #expect(try StreamingTests.stream(tokens, vocabulary).joined() == "\u{FFFD}")
        streams += 1
      }
    }
    #expect(streams >= 10_000)
  }

  @Test func goldenTextStreams() throws {
    let tokenizer = try SmolLM2.tokenizer()
    var file = try Golden("tokenizer/mixed.ids.bin")
    let ids = try file.ids(file.bytes.count / 2)
    let parts = try StreamingTests.stream(ids, tokenizer.vocabulary)
    #expect(parts.joined().utf8.elementsEqual(try tokenizer.decode(ids).utf8))
  }

  @Test func specialTokensShowOnlyWhenAsked() throws {
    let vocabulary = try SmolLM2.tokenizer().vocabulary
    var plain = StreamingDetokenizer(vocabulary: vocabulary)
    var shown = StreamingDetokenizer(vocabulary: vocabulary, rendersSpecial: true)
    #expect(try plain.append(2) == "" && shown.append(2) == "<|im_end|>")
  }

  @Test(arguments: [-1, 49_152, TokenID.max, TokenID.min])
  func unknownToken(id: TokenID) throws {
    let tokenizer = try SmolLM2.tokenizer()
    let error = TextError.tokenOutOfRange(id: Int(id), count: 49_152)
    var detokenizer = StreamingDetokenizer(vocabulary: tokenizer.vocabulary)
    #expect(throws: error) { try detokenizer.append(id) }
    #expect(throws: error) { try tokenizer.decode([1, id]) }
    #expect(throws: error) { try tokenizer.vocabulary.bytes(of: id) }
    #expect(throws: error) { try tokenizer.vocabulary.type(of: id) }
  }
}
