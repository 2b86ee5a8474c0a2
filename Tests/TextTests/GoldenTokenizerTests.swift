import Testing
import Text

/// Token numbers against those of llama.cpp.
struct GoldenTokenizerTests {
  @Test func mixedText() throws {
    let tokenizer = try SmolLM2.tokenizer()
    let text = try Golden("tokenizer/mixed.txt.bin").bytes
    var file = try Golden("tokenizer/mixed.ids.bin")
    let expected = try file.ids(file.bytes.count / 2)
    #expect(text.count >= 1_000_000 && expected.count >= 300_000)
    let ids = tokenizer.encode(bytes: text)
    let difference = zip(ids, expected).enumerated().first { $1.0 != $1.1 }?.offset
    #expect(difference == nil && ids.count == expected.count)
  }

  @Test func randomStrings() throws {
    let tokenizer = try SmolLM2.tokenizer()
    let cases = try Golden.pairs("tokenizer/random.bin")
    #expect(cases.count == 10_000)
    for (text, ids) in cases where tokenizer.encode(bytes: text) != ids {
      Issue.record("\(text): \(tokenizer.encode(bytes: text)) instead of \(ids)")
    }
  }

  @Test func specialTokensInText() throws {
    let tokenizer = try SmolLM2.tokenizer()
    let cases = try Golden.pairs("tokenizer/special.bin")
    #expect(cases.count == 1_000)
    for (text, ids) in cases where tokenizer.encode(bytes: text, parseSpecial: true) != ids {
      Issue.record("\(text): \(tokenizer.encode(bytes: text, parseSpecial: true)) instead of \(ids)")
    }
  }

  @Test func everyCodePoint() throws {
    let tokenizer = try SmolLM2.tokenizer()
    var file = try Golden("tokenizer/codepoints.bin")
    #expect(file.bytes.count == 4_352 * 8)
    for block in 0..<4_352 {
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for value in UInt32(block << 8)..<UInt32(block + 1) << 8 {
        let point = Unicode.Scalar(value).map { String($0) } ?? ""
        for id in tokenizer.encode("a\(point)1\(point) \(point)\(point)\n") + [0xFFFF] {
          hash = (hash ^ UInt64(id & 0xFF)) &* 0x100_0000_01b3
          hash = (hash ^ UInt64(id >> 8)) &* 0x100_0000_01b3
        }
      }
      #expect(try file.number(bytes: 8) == hash, "code points from U+\(String(block << 8, radix: 16)) on")
    }
  }

  @Test func wordsInsideATextAreThoseAlone() throws {
    // The table of words that were seen must not change any of them.
    let tokenizer = try SmolLM2.tokenizer()
    let cases = try Golden.pairs("tokenizer/random.bin").filter { !$0.text.contains { $0 >= 0x80 } }
    #expect(cases.count > 100)
    // A digit is a word of its own whatever stands around it.
    let seven = tokenizer.encode("7")
    var joined: [UInt8] = []
    var expected: [TokenID] = []
    for (text, ids) in cases {
      joined += [0x37] + text + [0x37]
      expected += seven + ids + seven
    }
    #expect(tokenizer.encode(bytes: joined) == expected)
  }
}
