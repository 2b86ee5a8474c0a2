import Foundation
import Testing
import Venturi
import VenturiTesting

/// Whole vocabularies: the cases that lie beside llama.cpp's, and its ids of a megabyte of text and 10,000 strings.
struct VocabularyCaseTests {
  @Test func casesBesideTheVocabularies() throws {
    let folder = try GoldenFiles.cases("vocabularies")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".gguf.inp") }
    #expect(names.count >= 12)
    var cases = 0
    for name in names.map({ String($0.dropFirst("ggml-vocab-".count).dropLast(".gguf.inp".count)) }) {
      let tokenizer = try TokenizerTexts.vocabulary(name)
      func read(_ ending: String) throws -> String {
        try String(contentsOf: folder.appending(path: "ggml-vocab-\(name).gguf.\(ending)"), encoding: .utf8)
      }
      let texts = try read("inp").components(separatedBy: "\n__ggml_vocab_test__\n")
      let lines = try read("out").split(separator: "\n", omittingEmptySubsequences: false)
      for (text, line) in zip(texts, lines) {
        let ids = tokenizer.encode(text, addBoundaries: false)
        #expect(ids == line.split(separator: " ").compactMap { TokenID($0) }, "\(name): \(text.debugDescription)")
        cases += 1
      }
    }
    #expect(cases >= 12 * 40)
  }

  private static let families = [
    "gpt-2", "llama-bpe", "qwen2", "qwen35", "starcoder", "refact", "command-r", "falcon", "mpt", "deepseek-coder",
    "llama-spm", "phi-3", "baichuan", "gemma-4", "nomic-bert-moe",
  ]

  @Test(arguments: families)
  func megabyteAndRandomStrings(name: String) throws {
    let expected = try #require(TokenizerTexts.json("tokenizer/families.json")[name])
    let texts = try TokenizerTexts.shared.get()
    let tokenizer = try TokenizerTexts.vocabulary(name)
    let ids = tokenizer.encode(bytes: texts.mixed, addBoundaries: false)
    #expect(ids.prefix(16).map { JSON.integer(Int($0)) } == expected["first"]?.elements)
    #expect(ids.count == expected["ids"]?.int)
    let mixed = try #require(expected["mixed"]?.elements)
    #expect(mixed.count >= 200)
    for (block, hash) in mixed.enumerated() {
      let part = ids[min(1024 * block, ids.count)..<min(1024 * block + 1024, ids.count)]
      guard hash.text == TokenizerTexts.hash(part) else {
        Issue.record("\(name): other ids from number \(1024 * block) on")
        break
      }
    }
    let random = try #require(expected["random"]?.elements)
    #expect(random.count == 100 && texts.random.count == 10_000)
    for (block, hash) in random.enumerated() {
      let part = texts.random[100 * block..<100 * block + 100].map {
        tokenizer.encode(bytes: $0, addBoundaries: false)
      }
      #expect(hash.text == TokenizerTexts.hash(lists: part), "\(name): strings from \(100 * block) on")
    }
  }

  @Test(arguments: families)
  func textComesBack(name: String) throws {
    let tokenizer = try TokenizerTexts.vocabulary(name)
    let missing = Set(tokenizer.vocabulary.missingBytes)
    let isNormalizing = name == "nomic-bert-moe"
    var whole = 0
    for bytes in try TokenizerTexts.shared.get().random {
      let ids = tokenizer.encode(bytes: bytes, addBoundaries: false)
      var stream = StreamingDetokenizer(vocabulary: tokenizer.vocabulary)
      let parts = try ids.map { try stream.append($0) }.joined() + stream.finish()
      let decoded = try tokenizer.decode(ids)
      // A stream goes on from a prompt, so that it keeps the space in front.
      #expect(parts == decoded || parts == " " + decoded)
      guard !isNormalizing, String(validating: bytes, as: UTF8.self) != nil, !bytes.contains(where: missing.contains)
      else { continue }
      // A text that spells SentencePiece's space comes back with a space.
      if !decoded.contains("\u{2581}"), String(decoding: bytes, as: UTF8.self).contains("\u{2581}") { continue }
      #expect(Array(decoded.utf8) == bytes, "\(name)")
      whole += 1
    }
    #expect(isNormalizing || whole > 1_000)
  }

  @Test func userTextNeverBecomesControlTokens() throws {
    for name in ["llama-spm", "phi-3", "gemma-4", "bert-bge", "nomic-bert-moe", "llama-bpe"] {
      let tokenizer = try TokenizerTexts.vocabulary(name)
      let vocabulary = tokenizer.vocabulary
      var text = ""
      var specials = 0
      for id in 0..<TokenID(vocabulary.count) where try vocabulary.type(of: id) == .control {
        text += "x" + String(decoding: try vocabulary.bytes(of: id), as: UTF8.self)
        specials += 1
      }
      #expect(specials > 1)
      let ids = tokenizer.encode(text, addBoundaries: false)
      let segment = tokenizer.encode([.text(text)], addBoundaries: false)
      for list in [ids, segment] {
        #expect(try list.allSatisfy { try vocabulary.type(of: $0) != .control || name == "bert-bge" && $0 == 100 })
      }
    }
  }
}
