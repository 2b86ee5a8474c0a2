/// SentencePiece's unigram model: the sequence of tokens with the largest sum of scores, found from left to right.
/// Paper: Kudo, *Subword Regularization: Improving Neural Network Translation Models with Multiple Subword Candidates*, 2018.
struct UnigramModel: Sendable {
  private let trie: PieceTrie
  private let scores: [Double]
  /// What a character that no token covers costs.
  private let unknownScore: Double
  private let unknown: TokenID?
  private let fallsBack: Bool

  /// - Parameters:
  ///   - scores: log-probabilities; those of user-defined tokens count as 0.
  ///   - fallsBack: whether the bytes of what no token covers become tokens.
  init(vocabulary: Vocabulary, scores: [Double], fallsBack: Bool) throws(TextError) {
    guard scores.count == vocabulary.count else {
      throw .tokenScoreCount(scores: scores.count, tokens: vocabulary.count)
    }
    var least = Double.greatestFiniteMagnitude
    var given = scores
    for (id, score) in scores.enumerated() {
      guard score.isFinite, score.magnitude < 1e30 else { throw .invalidTokenScore(id: id, score: "\(score)") }
      switch vocabulary.types[id] {
      case .normal: least = min(least, score)
      case .userDefined: given[id] = 0
      default: break
      }
    }
    self.scores = given
    unknownScore = (least == .greatestFiniteMagnitude ? 0 : least) - 10
    unknown = vocabulary.special.unknown.map { TokenID(truncatingIfNeeded: $0) }
    trie = PieceTrie(vocabulary)
    self.fallsBack = fallsBack
  }

  /// The best way to a place in the text.
  private struct Step {
    var score = -Double.greatestFiniteMagnitude
    var start: UInt32 = 0
    /// The token, -1 for none, -2 for a place that nothing leads to.
    var token: TokenID = -2
  }

  /// Appends the tokens of well-formed text.
  func append(_ text: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary, to tokens: inout [TokenID]) {
    var start = 0
    while start < text.count {
      var end = min(text.count, start + SymbolMerger.limit)
      while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
      appendPart(UnsafeBufferPointer(rebasing: text[start..<end]), vocabulary, &tokens)
      start = end
    }
  }

  private func appendPart(
    _ text: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary, _ tokens: inout [TokenID]
  ) {
    var steps = [Step](repeating: Step(), count: text.count + 1)
    steps[0].score = 0
    steps.withUnsafeMutableBufferPointer { steps in
      var position = 0
      while position < text.count {
        let first = text[position]
        let width = min(first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4, text.count - position)
        let score = steps[position].score
        var isCovered = false
        var node = PieceTrie.root
        var end = position
        while end < text.count, let child = trie.child(node, text[end]) {
          node = child
          end &+= 1
          guard let token = trie.token(node) else { continue }
          if end &- position == width { isCovered = true }
          let sum = score + scores[Int(token)]
          if sum > steps[end].score || steps[end].token == -2 {
            steps[end] = Step(score: sum, start: UInt32(truncatingIfNeeded: position), token: token)
          }
        }
        if !isCovered {
          let sum = score + unknownScore
          if sum > steps[position + width].score || steps[position + width].token == -2 {
            steps[position + width] = Step(score: sum, start: UInt32(truncatingIfNeeded: position), token: -1)
          }
        }
        position &+= width
      }
    }
    var path: [(range: Range<Int>, token: TokenID)] = []
    var end = text.count
    while end > 0 {
      let step = steps[end]
      // Unknown characters side by side are one.
      if step.token == -1, let last = path.last, last.token == -1 {
        path[path.count - 1].range = Int(step.start)..<last.range.upperBound
      } else {
        path.append((Int(step.start)..<end, step.token))
      }
      end = Int(step.start)
    }
    for (range, token) in path.reversed() {
      if token >= 0 {
        tokens.append(token)
      } else if fallsBack {
        vocabulary.appendFallback(text[range], to: &tokens)
      } else if let unknown {
        tokens.append(unknown)
      }
    }
  }
}
