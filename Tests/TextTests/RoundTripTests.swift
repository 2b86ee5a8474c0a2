import Testing
import Text

struct RoundTripTests {
  @Test(arguments: 0..<100)
  func validText(seed: Int) throws {
    let tokenizer = try SmolLM2.tokenizer()
    let missing = Set(tokenizer.vocabulary.missingBytes)
    var random = TestRandom(state: UInt64(seed))
    for _ in 0..<20 {
      let text = random.text(scalars: Int.random(in: 0...120, using: &random))
      let ids = tokenizer.encode(text)
      // Bytes without a token are lost, and nothing else.
      #expect(try tokenizer.decodeBytes(ids) == text.utf8.filter { !missing.contains($0) })
      if !text.utf8.contains(where: missing.contains) { #expect(try tokenizer.decode(ids) == text) }
    }
  }

  @Test(arguments: 0..<100)
  func anyBytes(seed: Int) throws {
    let tokenizer = try SmolLM2.tokenizer()
    let missing = Set(tokenizer.vocabulary.missingBytes)
    var random = TestRandom(state: UInt64(seed))
    for _ in 0..<20 {
      let bytes = random.bytes(Int.random(in: 0...200, using: &random))
      let ids = tokenizer.encode(bytes: bytes)
      let decoded = try tokenizer.decodeBytes(ids)
      #expect(decoded == repaired(bytes).filter { !missing.contains($0) })
      // What was repaired once stays.
      #expect(tokenizer.encode(bytes: decoded).count <= decoded.count)
      #expect(tokenizer.encode(bytes: bytes, parseSpecial: true) == ids)
    }
  }

  @Test func bytesWithoutAToken() throws {
    let vocabulary = try SmolLM2.tokenizer().vocabulary
    #expect(vocabulary.missingBytes == [4, 6, 19, 20, 22, 29, 192, 193, 241, 242] + Array(245...255))
    #expect(vocabulary.endOfGeneration == [0, 2, 4])
    #expect(vocabulary.endsGeneration(2) && !vocabulary.endsGeneration(1) && !vocabulary.endsGeneration(-1))
  }

  @Test func formsAboveTheLastCodePoint() throws {
    let tokenizer = try SmolLM2.tokenizer()
    for bytes: [UInt8] in [[0xF4, 0x90, 0x80, 0x80], [0xF7, 0xBF, 0xBF, 0xBF]] {
      #expect(tokenizer.encode(bytes: bytes) == tokenizer.encode("\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"))
    }
  }

  @Test func boundaries() throws {
    let model = try SmolLM2.shared.get()
    let vocabulary = try Vocabulary(
      byteLevelTokens: model.tokens, types: model.types,
      special: SpecialTokens(beginning: 1, end: 2, addsBeginning: true, addsEnd: true))
    let tokenizer = try Tokenizer(vocabulary: vocabulary, merges: model.merges, preTokenizer: "smollm")
    let plain = model.tokenizer.encode("Hi there")
    #expect(tokenizer.encode("Hi there") == [1] + plain + [2])
    #expect(tokenizer.encode("Hi there", addBoundaries: false) == plain)
    #expect(tokenizer.encode("") == [1, 2] && model.tokenizer.encode("") == [])
    #expect(try tokenizer.encode([.special("<|im_end|>"), .text("Hi there")]) == [1, 2] + plain)
    #expect(try tokenizer.decode([1] + plain + [2]) == "Hi there")
    #expect(try tokenizer.decode([1] + plain + [2], rendersSpecial: true) == "<|im_start|>Hi there<|im_end|>")
  }

  /// The reading of bytes as Golden/README.md describes it, written the plain way.
  private func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    var position = 0
    while position < bytes.count {
      let first = bytes[position]
      let length = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF8 ? 4 : 0
      let rest = bytes[position...].dropFirst().prefix(max(length - 1, 0))
      let whole = length > 0 && rest.count == length - 1 && rest.allSatisfy { $0 & 0xC0 == 0x80 }
      let lead = UInt32(first) & [0, 0x7F, 0x1F, 0x0F, 0x07][length]
      let value = rest.reduce(lead) { $0 << 6 | UInt32($1 & 0x3F) }
      guard whole, value <= 0x10FFFF else {
        output += [0xEF, 0xBF, 0xBD]
        position += 1
        continue
      }
      if (0xD800...0xDFFF).contains(value) {
        output += bytes[position..<position + 3]
      } else if let scalar = Unicode.Scalar(value) {
        output += Array(String(scalar).utf8)
      }
      position += length
    }
    return output
  }
}
