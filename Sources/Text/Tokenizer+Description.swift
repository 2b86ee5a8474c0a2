extension Tokenizer {
  /// The tokenizer that a description is of.
  ///
  /// - Throws: ``TextError`` naming the field and the place in it.
  public init(_ description: TokenizerDescription) throws(TextError) {
    let details = description.details
    let vocabulary: Vocabulary
    switch description.kind {
    case .bytePair:
      vocabulary = try Vocabulary(
        byteLevel: description.tokens, types: description.types, special: description.special,
        flags: description.flags, late: details?.normalizedTokens)
    case .sentencePiece, .unigram, .characterPair, .wordPiece:
      vocabulary = try Vocabulary(
        tokens: description.tokens, style: description.kind == .wordPiece ? .wordPiece : .sentencePiece,
        types: description.types, special: description.special, flags: description.flags,
        late: details?.normalizedTokens)
    }
    let model = try Self.model(description, vocabulary)
    var pieces = TextPieces(normalization: details?.normalization ?? [], steps: details?.steps ?? [])
    if details == nil { pieces = try Self.pieces(description) }
    // The byte-level model cuts words itself where that is all there is to do.
    if case .bytePair(let model) = model, !model.preTokenizer.rules.isEmpty { pieces.steps = [] }
    let dropsLeadingSpace =
      switch description.kind {
      case .bytePair: false
      case .characterPair: details?.dropsLeadingSpace ?? false
      case .sentencePiece, .unigram: details?.dropsLeadingSpace ?? description.addsSpacePrefix ?? true
      case .wordPiece: true
      }
    self.init(
      vocabulary, model, pieces: pieces, lateMatcher: try Self.lateMatcher(description, vocabulary, pieces),
      prefix: details?.prefix, suffix: details?.suffix, dropsLeadingSpace: dropsLeadingSpace)
  }

  /// Finds the tokens that are looked for in normalized text, in their normalized form.
  private static func lateMatcher(
    _ description: TokenizerDescription, _ vocabulary: Vocabulary, _ pieces: TextPieces
  ) throws(TextError) -> SpecialTokenMatcher? {
    guard let late = description.details?.normalizedTokens, !late.isEmpty else { return nil }
    var texts: [(text: [UInt8], id: Int)] = []
    var seen: Set<[UInt8]> = []
    for id in late.sorted() {
      let piece = Array(vocabulary.pieces[Int(vocabulary.starts[id])..<Int(vocabulary.starts[id + 1])])
      let text = piece.withUnsafeBufferPointer { pieces.normalize($0) }
      // What normalization leaves nothing of is in no text, and of two that look alike the first counts.
      if !text.isEmpty, seen.insert(text).inserted { texts.append((text, id)) }
    }
    return try SpecialTokenMatcher(texts, types: vocabulary.types, flags: description.flags, takesLeftmost: true)
  }

  private static func model(
    _ description: TokenizerDescription, _ vocabulary: Vocabulary
  ) throws(TextError) -> Model {
    let details = description.details
    switch description.kind {
    case .bytePair:
      guard let merges = description.merges else { throw .listMissing(field: "merges") }
      var way: PreTokenizer
      if let details {
        // The rules came with the steps; each piece is a word.
        way = PreTokenizer(name: "", rules: [], takesWholeWords: details.takesWholeWords)
        if details.steps.allSatisfy({ if case .split = $0 { true } else { false } }) {
          way = PreTokenizer(
            name: "", rules: details.steps.compactMap { if case .split(let rule) = $0 { rule } else { nil } },
            takesWholeWords: details.takesWholeWords)
        }
      } else {
        way = try PreTokenizer(name: description.preTokenizer ?? "default")
      }
      return .bytePair(try BytePairModel(vocabulary: vocabulary, merges: merges, preTokenizer: way))
    case .characterPair:
      guard let merges = description.merges else { throw .listMissing(field: "merges") }
      let words: CharacterPairModel.WholeWords = details.map { $0.takesWholeWords ? .all : .none } ?? .lineFeeds
      return .characterPair(
        try CharacterPairModel(
          vocabulary: vocabulary, merges: merges, wholeWords: words, fusesUnknown: details?.fusesUnknown ?? false))
    case .sentencePiece:
      guard let scores = description.scores else { throw .listMissing(field: "scores") }
      return .sentencePiece(
        try SentencePieceModel(vocabulary: vocabulary, scores: scores),
        addsSpacePrefix: description.addsSpacePrefix ?? true)
    case .unigram:
      guard let scores = details?.scores ?? description.scores.map({ $0.map { Double($0) } }) else {
        throw .listMissing(field: "scores")
      }
      return .unigram(
        try UnigramModel(vocabulary: vocabulary, scores: scores, fallsBack: details?.fallsBack ?? false))
    case .wordPiece:
      return .wordPiece(try WordPieceModel(vocabulary: vocabulary, charactersLimit: details?.wordLimit ?? 100))
    }
  }

  /// What comes before the model in the kinds that GGUF has.
  private static func pieces(_ description: TokenizerDescription) throws(TextError) -> TextPieces {
    switch description.kind {
    case .bytePair, .sentencePiece: return TextPieces(normalization: [], steps: [])
    case .characterPair:
      return TextPieces(
        normalization: [.replace([0x20], Vocabulary.wordMark)], steps: [.split(.lineFeedRuns)])
    case .unigram:
      var steps: [NormalizationStep] = []
      if let map = description.characterMap { steps.append(.characterMap(try CharacterMap(map))) }
      if description.removesExtraSpaces {
        steps += [.trimSpaces, .replaceSpaces(atLeast: 2, [0x20])]
      }
      if description.addsSpacePrefix ?? true { steps.append(.prepend(Vocabulary.wordMark)) }
      return TextPieces(normalization: steps + [.replace([0x20], Vocabulary.wordMark)], steps: [])
    case .wordPiece:
      let lowercases = description.lowercases
      return TextPieces(
        normalization: [
          .bert(
            cleans: true, spacesIdeographs: true, stripsAccents: description.stripsAccents ?? lowercases,
            lowercases: lowercases)
        ], steps: [.split(.bert), .dropSpaces])
    }
  }
}
