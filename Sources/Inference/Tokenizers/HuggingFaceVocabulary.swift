import Formats
import Text

/// The tokens of a `tokenizer.json`: those of the model and those added to it.
struct HuggingFaceVocabulary {
  /// The model's kind by its name in the file.
  enum Kind: String {
    case bytePair = "BPE"
    case unigram = "Unigram"
    case wordPiece = "WordPiece"
  }

  /// A token that was added to the model's.
  struct Added {
    var id: Int
    var content: String
    var isSpecial: Bool
    var isNormalized: Bool
    var flags: AddedTokenFlags
  }

  let kind: Kind
  /// The texts by number.
  private(set) var texts: [Int: [UInt8]] = [:]
  private(set) var ids: [[UInt8]: Int] = [:]
  private(set) var scores: [Int: Double] = [:]
  private(set) var added: [Added] = []
  private(set) var roles: [String: Int] = [:]
  private(set) var addsBeginning: Bool?
  private(set) var addsEnd: Bool?
  private(set) var count = 0
  private let unknown: Int?

  private static let idLimit = Vocabulary.countLimit - 1
  /// How many numbers a vocabulary may leave out.
  private static let holesLimit = 65_536

  init(_ model: JSONMembers, added list: JSONPlace?) throws(FormatError) {
    if let type = model["type"] {
      let name = try type.string()
      guard let kind = Kind(rawValue: name) else {
        throw type.failure("\"\(name.prefix(60))\" is not supported; BPE, Unigram and WordPiece are")
      }
      self.kind = kind
    } else {
      // Old files leave it out.
      kind = model["merges"] != nil ? .bytePair : model["unk_id"] != nil ? .unigram : .wordPiece
    }
    let vocab = try model.required("vocab")
    var texts: [Int: [UInt8]] = [:]
    var ids: [[UInt8]: Int] = [:]
    var scores: [Int: Double] = [:]
    func add(_ text: String, _ id: Int, _ place: JSONPlace) throws(FormatError) {
      let bytes = Array(text.utf8)
      if let other = texts.updateValue(bytes, forKey: id) {
        let text = String(decoding: other.prefix(60), as: UTF8.self)
        throw place.failure("number \(id) has two tokens, the other is \"\(text)\"")
      }
      if let other = ids.updateValue(id, forKey: bytes) {
        throw place.failure("\"\(text.prefix(60))\" comes twice, as \(other) and \(id)")
      }
    }
    if kind == .unigram {
      for (id, entry) in try vocab.array().enumerated() {
        let pair = try entry.array()
        guard pair.count == 2 else { throw entry.failure("is no pair of a text and a score") }
        try add(try pair[0].string(), id, entry)
        scores[id] = try pair[1].double()
      }
    } else {
      guard let members = vocab.json.members else { throw vocab.failure("is no object") }
      for member in members {
        let place = JSONPlace(member.value, "\(vocab.place)[\"\(member.key.prefix(60))\"]")
        try add(member.key, try place.int(in: 0...Self.idLimit), place)
      }
    }
    var added: [Added] = []
    var numbers: Set<Int> = []
    for place in try list?.array() ?? [] {
      let entry = try place.object()
      let token = Added(
        id: try entry.required("id").int(in: 0...Self.idLimit), content: try entry.required("content").string(),
        isSpecial: try entry.bool("special", default: false),
        isNormalized: try entry.bool("normalized", default: false),
        flags: AddedTokenFlags(
          stripsLeft: try entry.bool("lstrip", default: false), stripsRight: try entry.bool("rstrip", default: false),
          isWord: try entry.bool("single_word", default: false)))
      let bytes = Array(token.content.utf8)
      guard !bytes.isEmpty else { throw place.failure("an added token is empty") }
      guard numbers.insert(token.id).inserted else { throw place.failure("number \(token.id) is added twice") }
      if let other = ids[bytes], other != token.id {
        throw place.failure("\"\(token.content.prefix(60))\" is \(other) in the vocabulary and added as \(token.id)")
      }
      if let other = texts[token.id], other != bytes {
        throw place.failure("number \(token.id) is another token in the vocabulary")
      }
      texts[token.id] = bytes
      ids[bytes] = token.id
      added.append(token)
    }
    guard let last = texts.keys.max() else { throw vocab.failure("the vocabulary is empty") }
    guard last < 2 * texts.count + Self.holesLimit else {
      throw vocab.failure("number \(last) is far behind the \(texts.count) tokens that there are")
    }
    count = last + 1
    if let place = model["unk_id"] {
      unknown = try place.int(in: 0...last)
    } else if let place = model["unk_token"] {
      let text = try place.string()
      guard let id = ids[Array(text.utf8)] else { throw place.failure("\"\(text.prefix(60))\" is not a token") }
      unknown = id
    } else {
      unknown = nil
    }
    (self.texts, self.ids, self.scores, self.added) = (texts, ids, scores, added)
  }

  /// The number of a token; nothing for none.
  func id(_ text: String) -> Int? { ids[Array(text.utf8)] }

  /// Reads which tokens play which role; what was read before counts.
  mutating func readRoles(_ file: JSONMembers) throws(FormatError) {
    for name in ["bos", "eos", "unk", "pad", "cls", "sep", "mask"] where roles[name] == nil {
      guard let place = file["\(name)_token"] else { continue }
      let text: String
      if place.json.members != nil {
        text = try place.object().required("content").string()
      } else {
        text = try place.string()
      }
      // Configurations name tokens that the tokenizer never had.
      if let id = id(text) { roles[name] = id }
    }
    if addsBeginning == nil { addsBeginning = try file["add_bos_token"]?.bool() }
    if addsEnd == nil { addsEnd = try file["add_eos_token"]?.bool() }
  }

  /// What it all comes to.
  func description(_ model: JSONMembers, _ pipeline: HuggingFacePipeline) throws(FormatError) -> TokenizerDescription {
    var form = try Form(self, model, pipeline)
    var types = [Int32](repeating: 1, count: count)
    var strings: [UInt8] = []
    var offsets: [UInt32] = [0]
    for id in 0..<count {
      if let text = texts[id] {
        strings += form.text(text, id)
        if form.isByte(text) { types[id] = 6 }
      } else {
        strings += "[UNUSED\(id)]".utf8
        types[id] = 5
      }
      guard let end = UInt32(exactly: strings.count) else { throw model.failure("the tokens' texts are too long") }
      offsets.append(end)
    }
    if let unknown, form.kind != .bytePair { types[unknown] = 2 }
    var flags: [Int: AddedTokenFlags] = [:]
    var normalized: Set<Int> = []
    for token in added {
      if types[token.id] != 2, types[token.id] != 6 { types[token.id] = token.isSpecial ? 3 : 4 }
      if token.flags != AddedTokenFlags() { flags[token.id] = token.flags }
      if token.isNormalized, !pipeline.normalization.isEmpty { normalized.insert(token.id) }
    }
    let tokens: ByteStrings
    do throws(TextError) { tokens = try ByteStrings(bytes: strings, offsets: offsets) } catch {
      throw model.failure("\(error)")
    }
    var description = TokenizerDescription(kind: form.kind, tokens: tokens, types: types, special: special(pipeline))
    description.flags = flags
    description.merges = form.merges
    if kind == .unigram {
      let scores = (0..<count).map { self.scores[$0] ?? 0 }
      description.scores = scores.map { Float($0) }
      pipeline.describeUnigram(&description)
      form.details.scores = scores
    }
    form.details.normalizedTokens = normalized
    description.apply(form.details, name: pipeline.name(wholeWords: form.details.takesWholeWords))
    return description
  }

  private func special(_ pipeline: HuggingFacePipeline) -> SpecialTokens {
    let isBert = kind == .wordPiece
    let first = roles["bos"] ?? roles["cls"]
    let last = roles["eos"] ?? roles["sep"]
    var special = SpecialTokens(
      beginning: isBert ? roles["cls"] ?? pipeline.prefix?.first ?? first : first ?? pipeline.prefix?.first,
      end: isBert ? roles["sep"] ?? pipeline.suffix?.last ?? last : last ?? pipeline.suffix?.last,
      unknown: unknown ?? roles["unk"], padding: roles["pad"])
    if pipeline.prefix == nil {
      special.addsBeginning = addsBeginning == true && special.beginning != nil
      special.addsEnd = addsEnd == true && special.end != nil
    } else {
      special.addsBeginning = special.beginning.map { pipeline.prefix == [$0] } ?? false
      special.addsEnd = special.end.map { pipeline.suffix == [$0] } ?? false
    }
    return special
  }
}
