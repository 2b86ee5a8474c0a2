import Formats
import Text

extension TokenizerDescription {
  /// The metadata that describe this tokenizer in a GGUF file.
  ///
  /// - Throws: `FormatError.notWritable` for a way of cutting or normalizing text that GGUF has no name for.
  public func ggufEntries() throws(FormatError) -> [(key: String, value: GGUFValue)] {
    func refuse(_ reason: String) -> FormatError { .notWritable(field: "tokenizer.ggml.pre", reason: reason) }
    var entries: [(String, GGUFValue)] = []
    func set(_ name: String, _ value: GGUFValue) { entries.append(("tokenizer.ggml.\(name)", value)) }
    let gguf = try inGGUFWords()
    set("model", .string(gguf.kind.rawValue))
    if gguf.kind == .bytePair {
      guard let name = gguf.preTokenizer else { throw refuse("the way in which text is cut has no name") }
      set("pre", .string(name))
    } else if gguf.kind != .characterPair {
      set("pre", .string("default"))
    }
    set("tokens", .array(GGUFArray(byteStrings: (0..<gguf.tokens.count).map { Array(gguf.tokens[$0]) })))
    if let scores = gguf.scores { set("scores", .array(GGUFArray(scores))) }
    if let types = gguf.types { set("token_type", .array(GGUFArray(types))) }
    if let merges = gguf.merges {
      set("merges", .array(GGUFArray(byteStrings: (0..<merges.count).map { Array(merges[$0]) })))
    }
    let isBert = gguf.kind == .wordPiece
    let ids: [(String, Int?)] = [
      (isBert ? "cls" : "bos", gguf.special.beginning), (isBert ? "seperator" : "eos", gguf.special.end),
      ("eot", gguf.special.endOfTurn), ("unknown", gguf.special.unknown), ("padding", gguf.special.padding),
    ]
    for (name, id) in ids {
      if let id { set("\(name)_token_id", .uint32(UInt32(truncatingIfNeeded: id))) }
    }
    set("add_bos_token", .bool(gguf.special.addsBeginning))
    set("add_eos_token", .bool(gguf.special.addsEnd))
    if let adds = gguf.addsSpacePrefix { set("add_space_prefix", .bool(adds)) }
    if gguf.kind == .unigram { set("remove_extra_whitespaces", .bool(gguf.removesExtraSpaces)) }
    if let map = gguf.characterMap { set("precompiled_charsmap", .array(GGUFArray(map))) }
    if isBert {
      set("normalizer.lowercase", .bool(gguf.lowercases))
      set("normalizer.strip_accents", .bool(gguf.stripsAccents ?? gguf.lowercases))
    }
    return entries
  }

  /// The same tokenizer without what only a `tokenizer.json` can say.
  private func inGGUFWords() throws(FormatError) -> TokenizerDescription {
    do throws(TextError) { return try withoutDetails() } catch {
      throw .notWritable(field: "tokenizer.ggml.pre", reason: "\(error)")
    }
  }
}
