import ConfigurationFiles
import Console
import Formats
import Tensors
import Text
import Training
import Venturi

/// Rows of tokens, ready to be learned from.
struct TokenData {
  var parts: Parts<TokenSequence>
  var vocabulary: Int
  var length: Int
}

extension TokenSettings {
  /// The digest of the vocabulary in which each byte is a token.
  private static var byteDigest: String {
    var digest = SHA256()
    Array("a token for each byte".utf8).withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }

  /// Reads the data; a text becomes a file of tokens in the run's `folder`, once.
  ///
  /// - Throws: `DataError`; ``ConfigurationError``.
  func load(folder: String, isResumed: Bool) throws -> TokenData {
    let path: String
    switch source {
    case .file(let given): path = given
    case .instructions(let paths, let prompt, let answer, let name):
      let tokenizer = try ModelAccess.tokenizer(name)
      let rows = try InstructionSource(
        paths: paths, prompt: prompt, answer: answer, tokenizer: tokenizer, length: length)
      let held = Int(validation * Double(rows.count))
      guard rows.count > held else {
        throw ConfigurationError.invalid(
          field: "data.path", value: paths.joined(separator: ", "), expected: "prompts to learn from: there are none")
      }
      let parts = Parts(
        training: Elements(rows, 0..<rows.count - held), validation: Elements(rows, rows.count - held..<rows.count))
      return TokenData(parts: parts.limited(limit), vocabulary: tokenizer.vocabulary.count, length: length)
    case .text(let paths, let field, let form, let tokenizer):
      path = try Self.tokens(in: folder, isResumed) { try Self.write(paths, form, field, tokenizer, to: $0) }
    case .pulled(let name, let tokenizer):
      let paths = try Self.texts(of: name)
      path = try Self.tokens(in: folder, isResumed) { try Self.write(paths, "files", nil, tokenizer, to: $0) }
    }
    let storage = try Storage(mapping: path)
    let digest = try storage.reading { () throws -> String in
      do throws(FormatError) {
        return try TokenFile(ByteView(storage.bytes, keeper: storage), verifies: false).vocabularyDigest
      } catch { throw DataError.format(path: path, error) }
    }
    let corpus = try TokenCorpus(path: path, vocabularyDigest: digest)
    let rows = try TokenWindows(corpus, length: length)
    let held = Int(validation * Double(rows.count))
    guard rows.count > held else {
      throw ConfigurationError.invalid(
        field: "data.length", value: "\(length)",
        expected: "rows to learn from: \(path) has \(corpus.file.count) tokens")
    }
    let parts = Parts(
      training: Elements(rows, 0..<rows.count - held), validation: Elements(rows, rows.count - held..<rows.count))
    return TokenData(parts: parts.limited(limit), vocabulary: corpus.file.vocabularyCount, length: length)
  }

  /// The file of tokens in a run's folder, written where it is not there yet.
  private static func tokens(
    in folder: String, _ isResumed: Bool, _ write: (String) throws -> Void
  ) throws -> String {
    let path = "\(folder)/tokens.bin"
    // Held while the file is written: the folder is this process's alone, and made where it is not there.
    let store = try CheckpointStore(writing: folder)
    if !isResumed, !store.steps.isEmpty { throw TrainingError.notEmpty(path: folder) }
    if !isResumed || !isThere(path) { try write(path) }
    withExtendedLifetime(store) {}
    return path
  }

  /// The texts of a data set that `venturi pull` fetched.
  private static func texts(of name: String) throws -> [String] {
    let folder = try ModelHome().dataFolder(of: name)
    let files = ModelPackage.known.first { $0.name == name && $0.content == .data }?.files.map(\.path) ?? []
    let texts = files.filter { $0.hasSuffix(".txt") }
    if texts.isEmpty {
      let known = ModelPackage.known.filter { $0.content == .data && $0.files.contains { $0.path.hasSuffix(".txt") } }
      throw ConfigurationError.invalid(
        field: "data.pulled", value: name, expected: "a text: \(known.map(\.name).joined(separator: ", "))")
    }
    let paths = texts.map { "\(folder)/\($0)" }
    if let missing = paths.first(where: { !isThere($0) }) {
      throw ConfigurationError.invalid(
        field: "data.pulled", value: name, expected: "\(missing): `venturi pull \(name)` fetches it")
    }
    return paths
  }

  private static func isThere(_ path: String) -> Bool { (try? Storage(mapping: path)) != nil }

  private static func write(
    _ paths: [String], _ form: String, _ field: String?, _ tokenizer: String?, to path: String
  ) throws {
    let corpus = TextCorpus(
      paths: paths, form: field.map { .jsonLines(field: $0) } ?? (form == "lines" ? .lines : .files))
    if let tokenizer {
      try TokenCorpusWriter(tokenizer: try ModelAccess.tokenizer(tokenizer)).write(corpus, to: path)
      return
    }
    var encoder = try TokenFileEncoder(vocabularyCount: 256, vocabularyDigest: byteDigest)
    let file = try OutputFile(replacing: path)
    try corpus.forEachDocument { bytes in
      if !bytes.isEmpty { try file.write(encoder.document(bytes.map { TokenID($0) })) }
    }
    try file.write(encoder.end())
    try file.commit()
  }
}
