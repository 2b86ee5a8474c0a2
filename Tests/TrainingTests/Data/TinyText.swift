import Foundation
import Text
import Training
import VenturiTesting

/// A small tokenizer, and files of text for it.
enum TinyText {
  static func tokenizer(tokens: [String] = TinyLlama.tokens) throws -> Tokenizer {
    let types = tokens.indices.map { Int32($0 < TinyLlama.specials.count ? 3 : 1) }
    let vocabulary = try Vocabulary(
      byteLevelTokens: ByteStrings(tokens), types: types, special: SpecialTokens(end: 0))
    return try Tokenizer(vocabulary: vocabulary, merges: ByteStrings(TinyLlama.merges), preTokenizer: "smollm")
  }

  static func write(_ text: String, _ name: String, in folder: TemporaryFolder) throws -> String {
    let path = "\(folder.path)/\(name)"
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  /// Documents of these numbers of tokens, in a mapped file: token t of document d is (31 · d + t) % 250 + 10.
  static func corpus(_ lengths: [Int], in folder: TemporaryFolder) throws -> (corpus: TokenCorpus, tokens: [[TokenID]])
  {
    let documents = lengths.enumerated().map { document, length in
      (0..<length).map { TokenID((31 * document + $0) % 250 + 10) }
    }
    return (try corpus(documents, in: folder), documents)
  }

  static func corpus(_ documents: [[TokenID]], in folder: TemporaryFolder) throws -> TokenCorpus {
    let digest = String(repeating: "5a", count: 32)
    let path = "\(folder.path)/tokens-\(UUID().uuidString)"
    try Data(try TokenBytes.file(documents, vocabulary: 300, digest: digest)).write(to: URL(filePath: path))
    return try TokenCorpus(path: path, vocabularyDigest: digest)
  }
}
