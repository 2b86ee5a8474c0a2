import Formats
import Models
import Text

extension Tokenizer {
  /// The tokenizer of an encoder: the `vocab.txt` of its folder, where it has one, else that of the checkpoint.
  ///
  /// - Throws: `FormatError` naming the key or file.
  public init(encoder checkpoint: Checkpoint) throws {
    guard let folder = checkpoint.folder, let bytes = try folder.bytes("vocab.txt") else {
      self = try Tokenizer(checkpoint)
      return
    }
    let config = try folder.json("tokenizer_config.json") ?? [:]
    do throws(TextError) { self = try Tokenizer(TokenizerDescription(wordPieces: bytes, config: config)) } catch {
      throw FormatError.inconsistent(field: "vocab.txt", offset: nil, problem: "\(error)")
    }
  }
}

extension TokenizerDescription {
  /// BERT's vocabulary as its authors keep it: a token a line, `##` before those that go on a word.
  fileprivate init(wordPieces bytes: [UInt8], config: JSON) throws(TextError) {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    func name(_ key: String, _ usual: String) -> [UInt8] {
      Array((config[key]?.text ?? config[key]?["content"]?.text ?? usual).utf8)
    }
    let roles = [
      "cls": name("cls_token", "[CLS]"), "sep": name("sep_token", "[SEP]"), "unk": name("unk_token", "[UNK]"),
      "pad": name("pad_token", "[PAD]"), "mask": name("mask_token", "[MASK]"),
    ]
    var places: [String: Int] = [:]
    var types: [Int32] = []
    var content: [UInt8] = []
    var offsets: [UInt32] = [0]
    for (id, line) in lines.enumerated() {
      let token = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      let role = roles.first { $0.value.elementsEqual(token) }?.key
      if let role { places[role] = id }
      types.append(Int32(role == nil ? TokenType.normal.rawValue : TokenType.control.rawValue))
      if role != nil {
        content += token
      } else if token.starts(with: [UInt8(ascii: "#"), UInt8(ascii: "#")]) {
        content += token.dropFirst(2)
      } else {
        content += Array("\u{2581}".utf8) + token
      }
      guard let end = UInt32(exactly: content.count) else {
        throw .malformedByteStrings(index: id, offset: content.count, bytes: content.count)
      }
      offsets.append(end)
    }
    self.init(
      kind: .wordPiece, tokens: try ByteStrings(bytes: content, offsets: offsets), types: types,
      special: SpecialTokens(
        beginning: places["cls"], end: places["sep"], unknown: places["unk"], padding: places["pad"],
        addsBeginning: true, addsEnd: true))
    if case .bool(let flag)? = config["do_lower_case"] { lowercases = flag }
    if case .bool(let flag)? = config["strip_accents"] { stripsAccents = flag }
  }
}
