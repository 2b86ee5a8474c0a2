import Formats
import Inference

/// Which files of a repository make the model that was asked for.
package struct HubSelection: Sendable {
  /// The files, and the names that they get in the model's folder.
  let files: [(file: HubListing.File, target: String)]

  /// The type that is taken where none was asked for, as llama.cpp takes it, and then the next best.
  static let preferred = ["Q4_K_M", "Q4_K_S", "Q4_0", "Q4_1", "Q5_K_M", "Q6_K", "Q8_0", "BF16", "F16", "F32"]

  private static let folderFiles: Set<String> = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "chat_template.jinja", "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model",
    "model.safetensors.index.json", "modules.json", "sentence_bert_config.json",
    "config_sentence_transformers.json", "1_Pooling/config.json",
  ]

  /// Chooses among the files of a listing.
  ///
  /// - Throws: ``HubError/noMatch(repository:wanted:available:)``; ``HubError/badAnswer(path:problem:)`` for a split model
  ///   that lacks a part.
  init(_ listing: HubListing, for reference: HubReference) throws(HubError) {
    let models = listing.files.filter { file in
      let name = file.name.lowercased()
      return name.hasSuffix(".gguf") && !name.contains("mmproj") && !name.contains("imatrix")
    }
    if let quant = reference.quant {
      let matching = models.filter { Self.names($0.path, quant) }
      guard !matching.isEmpty else {
        throw .noMatch(
          repository: reference.repository, wanted: "GGUF file of type \(quant)",
          available: models.map(\.path).sorted().prefix(40).map { $0 })
      }
      files = try Self.oneModel(matching, reference)
      return
    }
    if models.isEmpty {
      let parts = listing.files.filter { Self.folderFiles.contains($0.path) || Self.isWeights($0.path) }
      guard parts.contains(where: { $0.path == "config.json" }), parts.contains(where: { Self.isWeights($0.path) })
      else {
        throw .noMatch(
          repository: reference.repository, wanted: "GGUF file, and no config.json with safetensors", available: [])
      }
      files = parts.map { ($0, $0.path) }
      return
    }
    for type in Self.preferred {
      let matching = models.filter { Self.names($0.path, type) }
      if !matching.isEmpty {
        files = try Self.oneModel(matching, reference)
        return
      }
    }
    files = try Self.oneModel(models, reference)
  }

  private static func isWeights(_ path: String) -> Bool {
    path.hasSuffix(".safetensors") && !path.contains("/") && !path.hasPrefix("adapter_")
  }

  /// Whether a path names a type as a word of its own: `Q4_K` is none of `model-Q4_K_M.gguf`.
  package static func names(_ path: String, _ type: String) -> Bool {
    func isWord(_ byte: UInt8) -> Bool {
      (48...57).contains(byte) || (65...90).contains(byte) || byte == UInt8(ascii: "_")
    }
    let (text, word) = (Array(path.uppercased().utf8), Array(type.utf8))
    guard !word.isEmpty, text.count >= word.count else { return false }
    return (0...text.count - word.count).contains { start in
      let end = start + word.count
      guard text[start..<end].elementsEqual(word) else { return false }
      return (start == 0 || !isWord(text[start - 1])) && (end == text.count || !isWord(text[end]))
    }
  }

  /// The files of one model: a single one, or all parts of a split one.
  private static func oneModel(
    _ files: [HubListing.File], _ reference: HubReference
  ) throws(HubError) -> [(file: HubListing.File, target: String)] {
    func part(_ file: HubListing.File) -> PartName? { PartName(file.path, suffix: ".gguf") }
    var series: [String: [HubListing.File]] = [:]
    for file in files { series[part(file)?.stem ?? file.path, default: []].append(file) }
    guard series.count == 1, let parts = series.values.first else {
      throw .noMatch(
        repository: reference.repository, wanted: "single model among several; name its type",
        available: series.keys.sorted().prefix(40).map { $0 })
    }
    let present = Set(parts.map(\.path))
    for name in part(parts[0])?.all.map(\.name) ?? [] where !present.contains(name) {
      throw .badAnswer(path: name, problem: "this part is missing in the repository")
    }
    return parts.sorted { $0.path < $1.path }.map { ($0, $0.name) }
  }
}
