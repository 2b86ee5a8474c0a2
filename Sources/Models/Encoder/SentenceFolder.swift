import Formats

/// What a folder of sentence-transformers says about embeddings beside its model: `modules.json`, the pooling's
/// configuration, and the length that texts are cut at.
struct SentenceFolder {
  private(set) var pooling = Pooling()
  /// The most tokens of a text; `nil` where none is set.
  private(set) var limit: Int?

  private static let poolings: [(key: String, name: String, method: Pooling.Method?)] = [
    ("pooling_mode_cls_token", "cls", .cls), ("pooling_mode_mean_tokens", "mean", .mean),
    ("pooling_mode_lasttoken", "lasttoken", .last), ("pooling_mode_max_tokens", "max", nil),
    ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", nil),
    ("pooling_mode_weightedmean_tokens", "weightedmean", nil),
  ]

  /// What the folder says; the mean, normalised, where it says nothing.
  ///
  /// - Throws: ``/Formats/FormatError`` naming the file and key of what is malformed or not had.
  init(_ folder: HuggingFaceFolder) throws {
    limit = try folder.json("sentence_bert_config.json").flatMap { json in
      try HuggingFaceConfiguration(json, place: "sentence_bert_config.json")
        .intIfPresent("max_seq_length", in: 1...1 << 24)
    }
    guard let modules = try folder.json("modules.json") else { return }
    guard let list = modules.elements else {
      throw FormatError.invalidValue(field: "modules.json", offset: 0, value: "no list", expected: "a list")
    }
    pooling.normalizes = false
    for (index, json) in list.enumerated() {
      let module = HuggingFaceConfiguration(json, place: "modules.json[\(index)]")
      switch try module.string("type").split(separator: ".").last {
      case "Transformer": break
      case "Normalize": pooling.normalizes = true
      case "Pooling": pooling.method = try Self.method(folder, path: module.string("path"))
      default: throw module.invalid("type", "Transformer, Pooling or Normalize")
      }
    }
  }

  private static func method(_ folder: HuggingFaceFolder, path: String) throws -> Pooling.Method {
    let place = "\(path)/config.json"
    guard let json = try folder.json("config.json", in: path) else { throw FormatError.missingKey(field: place) }
    let config = HuggingFaceConfiguration(json, place: place)
    if let name = try config.stringIfPresent("pooling_mode") {
      guard let found = poolings.first(where: { $0.name == name })?.method else {
        throw config.invalid("pooling_mode", "cls, mean or lasttoken")
      }
      return found
    }
    let chosen = try poolings.filter { try config.boolIfPresent($0.key) == true }
    guard chosen.count == 1, let method = chosen[0].method else {
      let names = chosen.map(\.key).joined(separator: ", ")
      throw FormatError.invalidValue(
        field: place, offset: 0, value: names.isEmpty ? "no pooling" : names, expected: "one of cls, mean or lasttoken")
    }
    return method
  }

  /// Writes it into a translation as GGUF has it.
  func set(_ translation: inout HuggingFaceTranslation, architecture: String) {
    let types: [Pooling.Method: UInt32] = [.mean: 1, .cls: 2, .last: 3]
    translation.set("\(architecture).pooling_type", .uint32(types[pooling.method] ?? 1))
    translation.set(Pooling.normalizesKey, .bool(pooling.normalizes))
    if let limit { translation.set(Pooling.limitKey, limit) }
  }
}
