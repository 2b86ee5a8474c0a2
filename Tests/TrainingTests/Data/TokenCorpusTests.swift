import Foundation
import Tensors
import Testing
import Text
import Training
import VenturiTesting

@Suite("Corpora of tokens") struct TokenCorpusTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func documents(_ corpus: TextCorpus) throws -> [String] {
    var documents: [String] = []
    try corpus.forEachDocument { documents.append(String(decoding: $0, as: UTF8.self)) }
    return documents
  }

  @Test("Files, lines and JSON lines are documents in their order") func forms() throws {
    let first = try TinyText.write("one\ntwo\r\n\n  \nthree", "a.txt", in: folder)
    let second = try TinyText.write("", "b.txt", in: folder)
    let third = try TinyText.write("four\n", "c.txt", in: folder)
    let paths = [first, second, third]
    #expect(try documents(TextCorpus(paths: paths, form: .files)) == ["one\ntwo\r\n\n  \nthree", "", "four\n"])
    #expect(try documents(TextCorpus(paths: paths, form: .lines)) == ["one", "two", "three", "four"])
    let lines = try TinyText.write(
      "{\"id\": 1, \"text\": \"a\\nb\\u00fc\"}\n\n{\"text\":\"\"}\r\n{\"x\":{\"text\":\"no\"},\"text\":\"c\"}",
      "d.jsonl",
      in: folder)
    #expect(try documents(TextCorpus(paths: [lines], form: .jsonLines(field: "text"))) == ["a\nbü", "", "c"])
  }

  @Test(
    "A malformed line is named by its file and number",
    arguments: [
      "{", "[]", "1", "\"text\"", "{\"text\":1}", "{\"text\":null}", "{\"Text\":\"x\"}", "{}", "{\"text\":\"x\"} x",
      "{\"text\":\"x}", "{\"text\":\"\\u12\"}", "{\"text\":\"\u{1}\"}",
    ])
  func malformedLines(_ line: String) throws {
    let path = try TinyText.write("{\"text\":\"x\"}\n\n\(line)\n{\"text\":\"y\"}\n", "bad.jsonl", in: folder)
    do {
      _ = try documents(TextCorpus(paths: [path], form: .jsonLines(field: "text")))
      Issue.record("'\(line)' was accepted")
    } catch let error as DataError {
      guard case .corpus(path, 3, _) = error else { Issue.record("\(error)"); return }
    }
    // Nothing is left of the token file.
    let output = "\(folder.path)/tokens"
    #expect(throws: DataError.self) {
      try TokenCorpusWriter(tokenizer: TinyText.tokenizer())
        .write(TextCorpus(paths: [path], form: .jsonLines(field: "text")), to: output)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["bad.jsonl"])
  }

  @Test func limitsAndMissingFiles() throws {
    let path = try TinyText.write("four\nseven77\n", "a.txt", in: folder)
    for (form, limit) in [(TextCorpus.Form.files, 12), (.lines, 6), (.jsonLines(field: "x"), 3)] {
      var corpus = TextCorpus(paths: [path], form: form)
      corpus.documentBytes = limit
      #expect(throws: DataError.self) { try documents(corpus) }
    }
    #expect(throws: DataError.self) { try documents(TextCorpus(paths: [path + "x"], form: .files)) }
    #expect(throws: DataError.self) { try documents(TextCorpus(paths: [folder.path], form: .files)) }
  }

  @Test("Each document becomes its tokens and a separator; empty ones go; special tokens in text stay text")
  func tokens() throws {
    let tokenizer = try TinyText.tokenizer()
    let lines = ["the cat and the hat", "<|endoftext|> is text", "  ", "é"]
    let path = try TinyText.write(lines.joined(separator: "\n"), "a.txt", in: folder)
    let output = "\(folder.path)/tokens"
    let corpus = TextCorpus(paths: [path], form: .lines)
    let summary = try TokenCorpusWriter(tokenizer: tokenizer).write(corpus, to: output)
    let read = try TokenCorpus(path: output, vocabulary: tokenizer.vocabulary)
    let kept = lines.filter { $0 != "  " }
    #expect(summary.documents == 3 && read.documents == 3 && summary.tokens == read.file.count)
    #expect(summary.textBytes == kept.reduce(0) { $0 + $1.utf8.count })
    #expect(summary.fileBytes == (try Data(contentsOf: URL(filePath: output))).count)
    for (index, line) in kept.enumerated() {
      let tokens = try read.tokens(read.range(of: index))
      #expect(tokens.last == 0 && !tokens.dropLast().contains(0))
      #expect(try tokenizer.decode(Array(tokens.dropLast())) == line)
    }
    try TokenCorpusWriter(tokenizer: tokenizer, separator: .some(nil)).write(corpus, to: output)
    let bare = try TokenCorpus(path: output, vocabulary: tokenizer.vocabulary)
    #expect(bare.file.count == read.file.count - 3)
  }

  @Test("A file of another vocabulary, another format, cut or changed is refused") func wrongFiles() throws {
    let tokenizer = try TinyText.tokenizer()
    let path = try TinyText.write("the cat", "a.txt", in: folder)
    let output = "\(folder.path)/tokens"
    try TokenCorpusWriter(tokenizer: tokenizer).write(TextCorpus(paths: [path], form: .files), to: output)
    var others = TinyLlama.tokens
    others.swapAt(10, 11)
    let other = try TinyText.tokenizer(tokens: others).vocabulary
    #expect(other.count == tokenizer.vocabulary.count)
    do {
      _ = try TokenCorpus(path: output, vocabulary: other)
      Issue.record("accepted")
    } catch {
      #expect(
        error
          == .wrongVocabulary(path: output, found: tokenizer.vocabulary.digest, expected: other.digest))
    }
    #expect(throws: DataError.self) { try TokenCorpus(path: path, vocabulary: tokenizer.vocabulary) }
    #expect(throws: DataError.self) { try TokenCorpus(path: output + "x", vocabulary: tokenizer.vocabulary) }
    let good = try Data(contentsOf: URL(filePath: output))
    for count in 0..<good.count {
      try good[..<count].write(to: URL(filePath: output + ".cut"))
      #expect(throws: DataError.self) { try TokenCorpus(path: output + ".cut", vocabulary: tokenizer.vocabulary) }
    }
  }

  @Test("A file that becomes shorter while it is read is an error, not a signal") func shrinking() throws {
    let (corpus, tokens) = try TinyText.corpus([20_000], in: folder)
    #expect(try corpus.tokens(0..<20_000) == tokens[0])
    let windows = try TokenWindows(corpus, length: 100)
    let packed = try PackedDocuments(corpus, length: 100)
    #expect(truncate(corpus.path, 100) == 0)
    #expect(throws: DataError.self) { try corpus.tokens(10_000..<20_000) }
    for index in [0, 150, windows.count - 1] {
      #expect(throws: DataError.self) { try windows.element(at: index, epoch: 0) }
      #expect(throws: DataError.self) { try packed.element(at: index, epoch: 0) }
    }
  }

  @Test("The split is the same for every count, and of about the asked share") func splits() throws {
    let split = try DocumentSplit(validation: 0.1, seed: 4)
    let validation = split.documents(of: .validation, among: 10_000)
    let training = split.documents(of: .training, among: 10_000)
    #expect((validation + training).sorted() == Array(0..<10_000))
    #expect((800...1200).contains(validation.count))
    #expect(split.documents(of: .validation, among: 500) == validation.filter { $0 < 500 })
    #expect(try DocumentSplit(validation: 0.1, seed: 5).documents(of: .validation, among: 10_000) != validation)
    #expect(try DocumentSplit(validation: 0).documents(of: .validation, among: 100).isEmpty)
    #expect(try DocumentSplit(validation: 1).documents(of: .training, among: 100).isEmpty)
    for share in [-0.1, 1.1, .nan, .infinity] {
      #expect(throws: DataError.self) { try DocumentSplit(validation: share) }
    }
  }
}
