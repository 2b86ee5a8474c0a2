import Formats
import Text

extension HuggingFaceVocabulary {
  /// How a vocabulary's texts and model become those of a GGUF kind.
  struct Form {
    let kind: TokenizerDescription.Kind
    var details = TokenizerDetails()
    private(set) var merges: ByteStrings?
    private let fallsBack: Bool
    private let plain: Set<Int>

    init(
      _ vocabulary: HuggingFaceVocabulary, _ model: JSONMembers, _ pipeline: HuggingFacePipeline
    ) throws(FormatError) {
      fallsBack = try model.bool("byte_fallback", default: false)
      details.normalization = pipeline.normalization
      details.steps = pipeline.steps
      details.prefix = pipeline.prefix
      details.suffix = pipeline.suffix
      details.fallsBack = fallsBack
      details.dropsLeadingSpace = pipeline.dropsLeadingSpace
      plain = Set(vocabulary.added.map(\.id))
      switch vocabulary.kind {
      case .unigram: kind = .unigram
      case .wordPiece:
        kind = .wordPiece
        let prefix = try model["continuing_subword_prefix"]?.string() ?? "##"
        guard prefix == "##" else { throw model.failure("the prefix \"\(prefix.prefix(60))\" is not supported") }
        details.wordLimit = try model["max_input_chars_per_word"]?.int(in: 1...100_000) ?? 100
      case .bytePair:
        kind = pipeline.isByteLevel ? .bytePair : .characterPair
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
          if let place = model[name], try !place.string().isEmpty { throw place.failure("is not supported") }
        }
        if let place = model["dropout"], try place.double() != 0 { throw place.failure("is not supported") }
        details.takesWholeWords = try model.bool("ignore_merges", default: false)
        details.fusesUnknown = try model.bool("fuse_unk", default: false)
        merges = try Self.merges(model.required("merges"))
      }
    }

    /// Merges as texts with a space between, from such texts or from pairs.
    private static func merges(_ place: JSONPlace) throws(FormatError) -> ByteStrings {
      var bytes: [UInt8] = []
      var offsets: [UInt32] = [0]
      guard let elements = place.json.elements else { throw place.failure("is no array") }
      for (index, element) in elements.enumerated() {
        if let text = element.text {
          bytes += text.utf8
        } else {
          guard let pair = element.elements, pair.count == 2, let left = pair[0].text, let right = pair[1].text,
            !left.isEmpty, !right.isEmpty, !left.utf8.dropFirst().contains(0x20), !right.utf8.contains(0x20)
          else {
            throw .inconsistent(
              field: "\(place.place)[\(index)]", offset: nil, problem: "is no pair of texts without spaces")
          }
          bytes += left.utf8
          bytes.append(0x20)
          bytes += right.utf8
        }
        guard let end = UInt32(exactly: bytes.count) else { throw place.failure("the texts are too long") }
        offsets.append(end)
      }
      do throws(TextError) { return try ByteStrings(bytes: bytes, offsets: offsets) } catch {
        throw place.failure("\(error)")
      }
    }

    /// A token's text as GGUF writes it.
    func text(_ text: [UInt8], _ id: Int) -> [UInt8] {
      guard kind == .wordPiece, !plain.contains(id), !(text.first == 0x5B && text.last == 0x5D && text.count > 1) else {
        return text
      }
      if text.starts(with: [0x23, 0x23]), text.count > 2 { return Array(text.dropFirst(2)) }
      return [0xE2, 0x96, 0x81] + text
    }

    /// Whether a text is that of a byte's token.
    func isByte(_ text: [UInt8]) -> Bool { fallsBack && Vocabulary.byte(text[...]) != nil }
  }
}
