import Formats
import Text

extension Tokenizer {
  /// The tokenizer that a model's metadata describe.
  ///
  /// - Throws: `FormatError` when its description is missing, malformed, contradicts itself or is of a kind that is not
  ///   known.
  public init(_ file: GGUFFile) throws(FormatError) { try self.init(metadata: file) }

  /// The tokenizer that metadata describe.
  init(metadata file: some Metadata) throws(FormatError) {
    let description = try TokenizerDescription(file)
    do throws(TextError) { try self.init(description) } catch {
      throw file.inconsistent(error.key, error)
    }
  }
}

extension TokenizerDescription {
  /// What a model's metadata say of its tokenizer.
  ///
  /// - Throws: `FormatError` naming the key.
  public init(_ file: some Metadata) throws(FormatError) {
    func key(_ name: String) -> String { "tokenizer.ggml.\(name)" }
    func id(_ name: String) throws(FormatError) -> Int? { try file.uintIfPresent(key("\(name)_token_id")) }
    func has(_ name: String) -> Bool { file.entry(key(name)) != nil }
    func flag(_ name: String) throws(FormatError) -> Bool? { try file.boolIfPresent(key(name)) }

    let model = try file.string(key("model"))
    guard let kind = Kind(rawValue: model) else {
      throw .unsupported(
        field: key("model"), offset: file.entry(key("model"))?.offset ?? 0, found: model,
        supported: Kind.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let strings = try file.strings(key("tokens"))
    let tokens: ByteStrings
    do throws(TextError) { tokens = try ByteStrings(bytes: strings.bytes, offsets: strings.offsets) } catch {
      throw file.inconsistent(error.key, error)
    }
    let types = has("token_type") ? try file.int32s(key("token_type")) : nil
    self.init(kind: kind, tokens: tokens, types: types)
    preTokenizer = try file.stringIfPresent(key("pre"))
    special = try Self.special(
      file, kind, count: tokens.count, preTokenizer: preTokenizer, id: id, flag: flag)
    switch kind {
    case .bytePair, .characterPair:
      let list = try file.strings(key("merges"))
      do throws(TextError) { merges = try ByteStrings(bytes: list.bytes, offsets: list.offsets) } catch {
        throw file.inconsistent(key("merges"), error)
      }
    case .sentencePiece, .unigram: scores = try file.floats(key("scores"))
    case .wordPiece: break
    }
    addsSpacePrefix = try flag("add_space_prefix")
    removesExtraSpaces = try flag("remove_extra_whitespaces") ?? false
    if kind == .unigram, has("precompiled_charsmap") { characterMap = try file.byteArray(key("precompiled_charsmap")) }
    lowercases = try flag("normalizer.lowercase") ?? true
    stripsAccents = try flag("normalizer.strip_accents")
    // Phi-3's special tokens take the white space behind them; nothing in the file but its name says so.
    let name = try file.stringIfPresent("general.name")?.lowercased() ?? ""
    if name.contains("phi-3") || name.contains("phi3") {
      let without = ["<unk>", "<s>", "<|endoftext|>"].map { Array($0.utf8) }
      for (id, type) in (types ?? []).enumerated()
      where id < tokens.count && (2...4).contains(type) && !without.contains(Array(tokens[id])) {
        flags[id] = AddedTokenFlags(stripsRight: true)
      }
    }
  }

  /// The tokens that play a role. Where a file does not say, its kind does, as far as the vocabulary reaches.
  private static func special(
    _ file: some Metadata, _ kind: Kind, count: Int, preTokenizer: String?,
    id: (String) throws(FormatError) -> Int?, flag: (String) throws(FormatError) -> Bool?
  ) throws(FormatError) -> SpecialTokens {
    func known(_ id: Int) -> Int? { id < count ? id : nil }
    var special = SpecialTokens(
      beginning: try id("bos"), end: try id("eos"), endOfTurn: try id("eot"), unknown: try id("unknown"),
      padding: try id("padding"))
    switch kind {
    case .bytePair:
      let adds = preTokenizer.flatMap { try? PreTokenizer(name: $0) }?.addsBeginning ?? false
      special.addsBeginning = try flag("add_bos_token") ?? adds
      special.addsEnd = try flag("add_eos_token") ?? false
      return special
    case .characterPair: special.addsBeginning = true
    case .sentencePiece:
      special.beginning = special.beginning ?? known(1)
      special.end = special.end ?? known(2)
      special.unknown = special.unknown ?? known(0)
      special.addsBeginning = try flag("add_bos_token") ?? true
    case .unigram:
      special.end = special.end ?? known(1)
      special.unknown = special.unknown ?? known(2)
      special.addsBeginning = try flag("add_bos_token") ?? false
    case .wordPiece:
      // Misspelt in GGUF itself.
      let separator = try id("seperator")
      let first = try id("cls")
      special.beginning = first ?? special.beginning ?? known(101)
      special.end = separator ?? known(102)
      special.unknown = special.unknown ?? known(100)
      special.addsBeginning = true
      special.addsEnd = true
      return special
    }
    special.addsEnd = try flag("add_eos_token") ?? (kind == .unigram)
    return special
  }
}

extension ChatTemplate {
  /// The chat template of a model file; nothing when the file has none.
  ///
  /// - Throws: `FormatError` when it is no text, or a template that the engine does not render.
  public init?(_ file: GGUFFile) throws(FormatError) { try self.init(metadata: file) }

  /// The chat template that metadata hold; nothing when they hold none.
  init?(metadata file: some Metadata) throws(FormatError) {
    guard let text = try file.stringIfPresent("tokenizer.chat_template") else { return nil }
    let tokens = try file.strings("tokenizer.ggml.tokens")
    func token(_ name: String) throws(FormatError) -> String {
      guard let id = try file.uintIfPresent("tokenizer.ggml.\(name)_token_id"), id < tokens.count else { return "" }
      return tokens.string(id)
    }
    let (beginning, end) = (try token("bos"), try token("eos"))
    do throws(TextError) { try self.init(compiling: text, beginning: beginning, end: end) } catch {
      throw file.inconsistent("tokenizer.chat_template", error)
    }
  }
}

extension Metadata {
  /// What the text library says of a value, with the key and the place in the file.
  fileprivate func inconsistent(_ key: String, _ error: TextError) -> FormatError {
    .inconsistent(field: key, offset: entry(key)?.offset, problem: "\(error)")
  }

  /// The bytes of an array of int8 or uint8.
  fileprivate func byteArray(_ key: String) throws(FormatError) -> [UInt8] {
    guard let entry = entry(key) else { throw .missingKey(field: key) }
    guard case .array(let array) = entry.value, array.elementType == .uint8 || array.elementType == .int8 else {
      throw .wrongType(
        field: key, offset: entry.offset, found: entry.value.typeName, expected: "array of uint8 or int8")
    }
    return array.bytes.withUnsafeBytes { [UInt8]($0) }
  }
}

extension TextError {
  /// The metadata key whose value is wrong.
  var key: String {
    let roles = [
      "beginning": "bos", "end": "eos", "end-of-turn": "eot", "unknown": "unknown", "padding": "padding",
    ]
    let name =
      switch self {
      case .tokenTypeCount, .unknownTokenType: "token_type"
      case .specialTokenOutOfRange(let role, _, _): "\(roles[role] ?? role)_token_id"
      case .specialTokenMissing("unknown"): "unknown_token_id"
      case .specialTokenMissing(let role): "add_\(roles[role] ?? role)_token"
      case .tooManyMerges, .malformedMerge, .mergePartNotInVocabulary, .mergeResultNotInVocabulary: "merges"
      case .unsupportedPreTokenizer: "pre"
      case .tokenScoreCount, .invalidTokenScore: "scores"
      case .malformedCharacterMap: "precompiled_charsmap"
      case .listMissing(let field): field
      default: "tokens"
      }
    return "tokenizer.ggml.\(name)"
  }
}
