import Formats
import Text

/// What a `tokenizer.json` does before and behind its model, as steps of ours.
struct HuggingFacePipeline {
  private(set) var normalization: [NormalizationStep] = []
  private(set) var steps: [PieceStep] = []
  private(set) var prefix: [Int]?
  private(set) var suffix: [Int]?
  private(set) var isByteLevel = false
  private(set) var dropsLeadingSpace = false
  private(set) var characterMap: [UInt8]?

  /// How many times as long the normalizers may make a text.
  private var growth = 1

  /// How deep sequences may be nested.
  private static let depthLimit = 8
  /// How many steps a sequence may come to.
  private static let stepsLimit = 32
  /// How many times as long all normalizers together may make a text, so that no chain of them exhausts the memory. The
  /// largest replacement in a real file makes three bytes of one.
  private static let growthLimit = 8 * CharacterMap.replacementLimit

  // MARK: Normalizer

  mutating func readNormalizer(_ place: JSONPlace?, depth: Int = 0) throws(FormatError) {
    guard let place else { return }
    let entry = try Self.entry(place, depth)
    guard normalization.count < Self.stepsLimit else { throw place.failure("there are too many steps") }
    switch try entry.type() {
    case "Sequence":
      for child in try entry.required("normalizers").array() { try readNormalizer(child, depth: depth + 1) }
    case "NFC": normalization.append(.nfc)
    case "NFD": normalization.append(.nfd)
    case "NFKC": normalization.append(.nfkc)
    case "NFKD": normalization.append(.nfkd)
    case "Lowercase": normalization.append(.lowercase)
    case "StripAccents": normalization.append(.stripMarks)
    case "Nmt": normalization.append(.nmt)
    case "Strip":
      normalization.append(
        .strip(
          left: try entry.bool("strip_left", default: true), right: try entry.bool("strip_right", default: true)))
    case "Prepend":
      let bytes = Array(try entry.required("prepend").string().utf8)
      guard bytes.count <= CharacterMap.replacementLimit else { throw entry.failure("prepends \(bytes.count) bytes") }
      normalization.append(.prepend(bytes))
    case "Replace":
      let content = Array(try entry.required("content").string().utf8)
      let pattern = try Pattern(entry)
      switch pattern {
      case .text(let text):
        guard !text.isEmpty else { throw entry.failure("replaces nothing") }
        try grow((content.count + text.utf8.count - 1) / text.utf8.count, entry)
        normalization.append(.replace(Array(text.utf8), content))
      case .regex(" {2,}"):
        try grow((content.count + 1) / 2, entry)
        normalization.append(.replaceSpaces(atLeast: 2, content))
      case .regex(let regex): throw entry.failure("the regular expression \"\(regex.prefix(120))\" is not known")
      }
    case "Precompiled":
      let text = try entry.required("precompiled_charsmap").string()
      guard let bytes = Base64.decode(text) else { throw entry.failure("precompiled_charsmap is no base64") }
      characterMap = bytes
      try grow(CharacterMap.replacementLimit, entry)
      do throws(TextError) { normalization.append(.characterMap(try CharacterMap(bytes))) } catch {
        throw entry.failure("\(error)")
      }
    case "BertNormalizer":
      let lowercases = try entry.bool("lowercase", default: true)
      normalization.append(
        .bert(
          cleans: try entry.bool("clean_text", default: true),
          spacesIdeographs: try entry.bool("handle_chinese_chars", default: true),
          stripsAccents: try entry.bool("strip_accents", default: lowercases), lowercases: lowercases))
    case let name: throw entry.failure("the normalizer \"\(name.prefix(60))\" is not supported")
    }
  }

  private mutating func grow(_ factor: Int, _ entry: JSONMembers) throws(FormatError) {
    guard factor <= Self.growthLimit, growth * max(factor, 1) <= Self.growthLimit else {
      throw entry.failure("makes texts more than \(Self.growthLimit) times as long")
    }
    growth *= max(factor, 1)
  }

  // MARK: Pre-tokenizer

  mutating func readPreTokenizer(_ place: JSONPlace?, depth: Int = 0) throws(FormatError) {
    guard let place else { return }
    let entry = try Self.entry(place, depth)
    guard steps.count < Self.stepsLimit else { throw place.failure("there are too many steps") }
    switch try entry.type() {
    case "Sequence":
      for child in try entry.required("pretokenizers").array() { try readPreTokenizer(child, depth: depth + 1) }
    case "ByteLevel":
      isByteLevel = true
      if try entry.bool("add_prefix_space", default: true) { steps.append(.spacePrefix) }
      if try entry.bool("use_regex", default: true) { steps.append(.split(.gpt2)) }
    case "Split": try readSplit(entry)
    case "Digits": steps.append(.split(.numbers(try entry.bool("individual_digits", default: false) ? 1 : 0)))
    case "Punctuation":
      switch try entry["behavior"]?.string() ?? "Isolated" {
      case "Isolated": steps.append(.split(.punctuation))
      case "Contiguous": steps.append(.split(.punctuationRuns(backtick: true)))
      case let name: throw entry.failure("the behavior \"\(name.prefix(60))\" is not supported")
      }
    case "Whitespace": steps += [.split(.wordsAndRest), .dropSpaces]
    case "WhitespaceSplit": steps += [.split(.spaceRuns), .dropSpaces]
    case "BertPreTokenizer": steps += [.split(.bert), .dropSpaces]
    case "Metaspace":
      try Self.checkMark(entry)
      let scheme = try Self.scheme(entry)
      steps.append(.metaspace(scheme))
      if try entry.bool("split", default: true) { steps.append(.split(.metaspace)) }
    case let name: throw entry.failure("the pre-tokenizer \"\(name.prefix(60))\" is not supported")
    }
  }

  private mutating func readSplit(_ entry: JSONMembers) throws(FormatError) {
    let behavior = try entry.required("behavior").string()
    let inverted = try entry.bool("invert", default: false)
    switch try Pattern(entry) {
    case .text(" ") where behavior == "MergedWithPrevious" && !inverted && normalization.contains(Self.marksSpaces):
      // Gemma's: no space is left to cut at.
      return
    case .text(let text): throw entry.failure("cuts at \"\(text.prefix(60))\", which is not supported")
    case .regex(let regex):
      guard let (rule, coversAll) = SplitRule.known(regex) else {
        throw entry.failure("the regular expression \"\(regex.prefix(200))\" is not known")
      }
      // What matches is a piece, and so is what does not; where everything matches nothing can be removed.
      guard behavior == "Isolated" || behavior == "Removed" && inverted && coversAll else {
        throw entry.failure("the behavior \"\(behavior.prefix(60))\" is not supported here")
      }
      steps.append(.split(rule))
    }
  }

  static let marksSpaces = NormalizationStep.replace([0x20], [0xE2, 0x96, 0x81])

  private static func checkMark(_ entry: JSONMembers) throws(FormatError) {
    let mark = try entry["replacement"]?.string() ?? "\u{2581}"
    guard mark == "\u{2581}" else { throw entry.failure("the replacement \"\(mark.prefix(8))\" is not supported") }
  }

  private static func scheme(_ entry: JSONMembers) throws(FormatError) -> PieceStep.MetaspacePrefix {
    guard let place = entry["prepend_scheme"] else {
      return try entry.bool("add_prefix_space", default: true) ? .always : .never
    }
    switch try place.string() {
    case "always": return .always
    case "first": return .first
    case "never": return .never
    case let name: throw place.failure("\"\(name.prefix(60))\" is not supported")
    }
  }

  // MARK: Decoder

  mutating func readDecoder(_ place: JSONPlace?, depth: Int = 0) throws(FormatError) {
    guard let place else { return }
    let entry = try Self.entry(place, depth)
    switch try entry.type() {
    case "Sequence":
      for child in try entry.required("decoders").array() { try readDecoder(child, depth: depth + 1) }
    case "ByteLevel": isByteLevel = true
    case "Metaspace":
      try Self.checkMark(entry)
      if try Self.scheme(entry) != .never { dropsLeadingSpace = true }
    case "Strip":
      let content = try entry.required("content").string()
      guard content == " ", try entry.required("stop").int(in: 0...Int.max) == 0 else {
        throw entry.failure("strips something else than spaces in front")
      }
      if try entry.required("start").int(in: 0...1) == 1 { dropsLeadingSpace = true }
    case "Replace":
      guard case .text("\u{2581}") = try Pattern(entry), try entry.required("content").string() == " " else {
        throw entry.failure("replaces something else than U+2581 by a space")
      }
    case "WordPiece":
      guard try entry["prefix"]?.string() ?? "##" == "##" else { throw entry.failure("the prefix is not \"##\"") }
    case "ByteFallback", "Fuse": break
    case let name: throw entry.failure("the decoder \"\(name.prefix(60))\" is not supported")
    }
  }

  // MARK: Post-processor

  mutating func readPostProcessor(
    _ place: JSONPlace?, _ vocabulary: HuggingFaceVocabulary, depth: Int = 0
  ) throws(FormatError) {
    guard let place else { return }
    let entry = try Self.entry(place, depth)
    switch try entry.type() {
    case "Sequence":
      for child in try entry.required("processors").array() {
        try readPostProcessor(child, vocabulary, depth: depth + 1)
      }
    case "ByteLevel": break
    case "BertProcessing", "RobertaProcessing":
      prefix = [try Self.token(entry.required("cls"), vocabulary)]
      suffix = [try Self.token(entry.required("sep"), vocabulary)]
    case "TemplateProcessing": try readTemplate(entry, vocabulary)
    case let name: throw entry.failure("the post-processor \"\(name.prefix(60))\" is not supported")
    }
  }

  /// A pair of a token's text and its number.
  private static func token(_ place: JSONPlace, _ vocabulary: HuggingFaceVocabulary) throws(FormatError) -> Int {
    let pair = try place.array()
    guard pair.count == 2 else { throw place.failure("is no pair of a text and a number") }
    return try pair[1].int(in: 0...max(vocabulary.count - 1, 0))
  }

  private mutating func readTemplate(_ entry: JSONMembers, _ vocabulary: HuggingFaceVocabulary) throws(FormatError) {
    let special = try entry["special_tokens"]?.object()
    var before: [Int] = []
    var after: [Int] = []
    var isBehind = false
    let parts = try entry.required("single").array()
    guard parts.count <= 64 else { throw entry.failure("a template of \(parts.count) parts") }
    for part in parts {
      let member = try part.object()
      if let sequence = try member["Sequence"]?.object() {
        guard !isBehind, try sequence.required("id").string() == "A" else {
          throw part.failure("a template for one text has that text once")
        }
        isBehind = true
        continue
      }
      let name = try member.required("SpecialToken").object().required("id").string()
      guard let token = try special?[name]?.object() else { throw part.failure("\"\(name.prefix(60))\" is not named") }
      for id in try token.required("ids").array() {
        let number = try id.int(in: 0...max(vocabulary.count - 1, 0))
        if isBehind { after.append(number) } else { before.append(number) }
      }
    }
    guard isBehind else { throw entry.failure("the template leaves out the text") }
    guard before.count + after.count <= 64 else { throw entry.failure("the template adds too many tokens") }
    (prefix, suffix) = (before, after)
  }

  // MARK: What it comes to

  /// The pre-tokenizer's GGUF name, if the rules are those of one.
  func name(wholeWords: Bool) -> String? {
    let rules = steps.map { step -> SplitRule? in if case .split(let rule) = step { rule } else { nil } }
    if rules.contains(nil) { return nil }
    return PreTokenizer.name(of: rules.compactMap { $0 }, takesWholeWords: wholeWords)
  }

  /// Says of a unigram vocabulary what GGUF has words for.
  func describeUnigram(_ description: inout TokenizerDescription) {
    description.characterMap = characterMap
    description.addsSpacePrefix = steps.contains { step in
      if case .metaspace(let prefix) = step { prefix != .never } else { false }
    }
    description.removesExtraSpaces =
      normalization.contains { if case .replaceSpaces = $0 { true } else { false } }
      || steps.contains(.split(.spaceRuns))
  }

  private static func entry(_ place: JSONPlace, _ depth: Int) throws(FormatError) -> JSONMembers {
    guard depth < depthLimit else { throw place.failure("sequences are nested \(depth) deep") }
    return try place.object()
  }

  /// What a step looks for.
  private enum Pattern {
    case text(String)
    case regex(String)

    init(_ entry: JSONMembers) throws(FormatError) {
      let place = try entry.required("pattern")
      let pattern = try place.object()
      if let text = pattern["String"] {
        self = .text(try text.string())
      } else {
        self = .regex(try pattern.required("Regex").string())
      }
    }
  }
}

extension JSONMembers {
  /// The name of a step.
  fileprivate func type() throws(FormatError) -> String { try required("type").string() }
}
