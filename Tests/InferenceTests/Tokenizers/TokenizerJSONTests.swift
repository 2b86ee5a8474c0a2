import Foundation
import Testing
import Venturi
import VenturiTesting

/// `tokenizer.json` against the Rust library's ids.
struct TokenizerJSONTests {
  private static let names = [
    "roberta", "llama3", "gpt4o", "tekken", "deepseek3", "llama2", "mistral", "unigram", "xlnet", "bert", "cased",
    "ggml-vocab-bert-bge", "ggml-vocab-deepseek-llm",
  ]

  private static func tokenizer(_ name: String) throws -> Tokenizer {
    if name.hasPrefix("ggml-vocab-") { return try TokenizerTexts.vocabulary(String(name.dropFirst(11))) }
    return try Tokenizer(tokenizer: TokenizerTexts.json("tokenizer/json/\(name).json"))
  }

  @Test(arguments: names)
  func idsOfTheRustLibrary(name: String) throws {
    let file = try TokenizerTexts.json("tokenizer/json/expected.json")
    let expected = try #require(file["tokenizers"]?[name])
    func skipped(_ key: String) -> Set<Int> { Set(file[key]?.elements?.compactMap(\.int) ?? []) }
    let texts = try TokenizerTexts.shared.get()
    let tokenizer = try Self.tokenizer(name)
    let isFile = !name.hasPrefix("ggml-vocab-")

    let leftOut = skipped("skippedBlocks")
    let blocks = texts.blocks.enumerated().filter { !leftOut.contains($0.offset) }.map(\.element)
    let mixed = try #require(expected["mixed"]?.elements)
    #expect(mixed.count == blocks.count && blocks.count > 50)
    for (number, block) in blocks.enumerated() {
      let ids = tokenizer.encode(bytes: block, addBoundaries: isFile)
      #expect(mixed[number].text == TokenizerTexts.hash(ids), "\(name): block \(number)")
    }

    let strings = texts.random.indices.filter { !skipped("skipped").contains($0) }.map { texts.random[$0] }
    let random = try #require(expected["random"]?.elements)
    let decoded = try #require(expected["decoded"]?.elements)
    #expect(random.count == (strings.count + 99) / 100 && strings.count > 8_000)
    for block in random.indices {
      let part = strings[100 * block..<min(100 * block + 100, strings.count)]
      let ids = part.map { tokenizer.encode(bytes: $0, addBoundaries: isFile) }
      #expect(random[block].text == TokenizerTexts.hash(lists: ids), "\(name): from \(100 * block) on")
      guard isFile else { continue }
      var back: [UInt8] = []
      for bytes in part {
        back += Array(try tokenizer.decode(tokenizer.encode(bytes: bytes, addBoundaries: false)).utf8) + [0]
      }
      #expect(decoded[block].text == TokenizerTexts.hash(bytes: back), "\(name): decoded from \(100 * block) on")
    }
  }

  /// What goes into a GGUF file comes out of it as the same tokenizer.
  @Test(arguments: ["llama3", "gpt4o", "deepseek3", "llama2", "bert"])
  func throughGGUF(name: String) throws {
    let json = try TokenizerTexts.json("tokenizer/json/\(name).json")
    let roles: JSON = ["cls_token": "[CLS]", "sep_token": "[SEP]", "bos_token": "<s>", "add_bos_token": true]
    let description = try HuggingFaceTokenizer(tokenizer: json, configuration: roles).description
    let tokenizer = try Tokenizer(description)
    var writer = GGUFWriter()
    for (key, value) in try description.ggufEntries() { writer.set(key, value) }
    let again = try Tokenizer(GGUFFile(ByteView(copying: try writer.encoded())))
    for bytes in try TokenizerTexts.shared.get().random where String(validating: bytes, as: UTF8.self) != nil {
      let text = String(decoding: bytes, as: UTF8.self)
      // GGUF cannot say that text is composed first.
      if name == "llama3", text.unicodeScalars.contains(where: { $0.value >= 0x300 }) { continue }
      #expect(again.encode(text) == tokenizer.encode(text), "\(name): \(text.debugDescription)")
    }
  }

  @Test(arguments: ["roberta", "mistral", "unigram", "xlnet", "cased"])
  func whatGGUFCannotSay(name: String) throws {
    let json = try TokenizerTexts.json("tokenizer/json/\(name).json")
    let description = try HuggingFaceTokenizer(tokenizer: json).description
    #expect(throws: FormatError.self) { try description.ggufEntries() }
  }

  /// In GGUF a WordPiece text always has both of its special tokens around it.
  @Test func textsWithoutAnEndCannotBeSaid() throws {
    let json = try JSON(
      parsing: """
        {"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"th":1,"##e":2,"[CLS]":3}},
         "added_tokens":[{"id":3,"content":"[CLS]","special":true}],"normalizer":{"type":"BertNormalizer"},
         "pre_tokenizer":{"type":"BertPreTokenizer"},"decoder":{"type":"WordPiece"},
         "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]"}},{"Sequence":{"id":"A"}}],
         "special_tokens":{"[CLS]":{"ids":[3]}}}}
        """)
    let description = try HuggingFaceTokenizer(tokenizer: json).description
    #expect(try Tokenizer(description).encode("the") == [3, 1, 2])
    #expect(throws: FormatError.self) { try description.ggufEntries() }
  }

  @Test func specialTokensInText() throws {
    let tokenizer = try Self.tokenizer("roberta")
    let vocabulary = tokenizer.vocabulary
    let mask = try vocabulary.specialToken("<mask>")
    let parsed = tokenizer.encode("a  <mask> b", parseSpecial: true, addBoundaries: false)
    #expect(parsed.contains(mask) && !tokenizer.encode("a  <mask> b").contains(mask))
    // White space before the mask belongs to it.
    #expect(try tokenizer.decode(parsed, rendersSpecial: true) == " a<mask> b")
    let word = try vocabulary.specialToken("kernel")
    #expect(tokenizer.encode("the kernel.").contains(word) && !tokenizer.encode("kernels").contains(word))
    #expect(tokenizer.encode("x").first == 0 && tokenizer.encode("x").last == 2)
  }
}
