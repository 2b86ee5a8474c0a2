extension TokenizerDescription {
  /// The same tokenizer in words that GGUF has, without what only a `tokenizer.json` can say.
  ///
  /// - Throws: ``TextError/notExpressible(what:)`` where that would be another tokenizer.
  package func withoutDetails() throws(TextError) -> TokenizerDescription {
    guard let details else { return self }
    var plain = self
    plain.details = nil
    func refuse(_ what: String) -> TextError { .notExpressible(what: what) }
    let boundaries: [(String, [Int]?, Int?, Bool)] = [
      ("before", details.prefix, special.beginning, special.addsBeginning),
      ("behind", details.suffix, special.end, special.addsEnd),
    ]
    for (place, ids, role, isAdded) in boundaries {
      if let ids, ids != (isAdded ? role.map { [$0] } ?? [] : []) { throw refuse("the tokens \(place) a text") }
    }
    if details.normalizedTokens.contains(where: { types?[$0] == 4 }) {
      throw refuse("added tokens that are looked for in normalized text")
    }
    if flags.values.contains(where: { $0 != AddedTokenFlags() }) { throw refuse("added tokens that take white space") }
    switch kind {
    case .bytePair:
      // GGUF leaves text as it is; composed characters are the form of nearly all text.
      guard details.normalization.allSatisfy({ $0 == .nfc }) else { throw refuse("the normalization") }
      guard preTokenizer != nil else { throw refuse("the way in which text is cut") }
    case .unigram:
      let known: [NormalizationStep] = [.replaceSpaces(atLeast: 2, [0x20]), .trimSpaces]
      let others = details.normalization.filter { step in
        if case .characterMap = step { false } else { !known.contains(step) }
      }
      guard others.isEmpty, !details.fallsBack else { throw refuse("the normalization") }
    case .wordPiece:
      // GGUF sets both, and has no word for leaving one out.
      guard special.addsBeginning, special.addsEnd else { throw refuse("the tokens around a text") }
      guard details.steps == [.split(.bert), .dropSpaces], details.wordLimit == 100, details.normalization.count == 1,
        case .bert(true, true, let strips, let lowers) = details.normalization[0]
      else { throw refuse("the normalization") }
      (plain.lowercases, plain.stripsAccents) = (lowers, strips)
    case .characterPair: try plain.becomeSentencePiece(details)
    case .sentencePiece: break
    }
    return plain
  }

  /// Merges in the order of preference as scores: the earlier the merge that makes a token, the better its score.
  private mutating func becomeSentencePiece(_ details: TokenizerDetails) throws(TextError) {
    let mark = Vocabulary.wordMark
    let isPlain =
      details.normalization == [.prepend(mark), .replace([0x20], mark)] && details.steps.isEmpty
      || details.normalization.isEmpty && details.steps == [.metaspace(.always)]
    guard isPlain, details.fallsBack, !details.takesWholeWords, let merges else {
      throw .notExpressible(what: "the normalization")
    }
    var ids: [ArraySlice<UInt8>: Int] = [:]
    for id in 0..<tokens.count { ids[tokens[id]] = id }
    // Characters come from no merge and are worse than all.
    var scores = [Float](repeating: -Float(merges.count) - 1, count: tokens.count)
    for rank in (0..<merges.count).reversed() {
      let text = merges[rank]
      guard let space = text.dropFirst().firstIndex(of: 0x20) else { throw .malformedMerge(index: rank) }
      if let id = ids[(Array(text[..<space]) + text[(space + 1)...])[...]] { scores[id] = -Float(rank) }
    }
    kind = .sentencePiece
    self.merges = nil
    self.scores = scores
    addsSpacePrefix = true
  }
}
