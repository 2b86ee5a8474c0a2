import Layers

extension TokenBatch {
  /// The batch as its mixers see it, checked.
  ///
  /// - Throws: ``ModelError`` naming what is wrong with a token, a state or the batch.
  func layout(owner: ObjectIdentifier, vocabularySize: Int) throws -> BatchLayout {
    guard runs.contains(where: { !$0.tokens.isEmpty }) else { throw ModelError.invalidBatch("no tokens") }
    var layoutRuns: [BatchLayout.Run] = []
    for run in runs {
      guard let sequence = run.state as? CachedSequence, sequence.owner == owner else { throw ModelError.foreignState }
      for id in run.tokens where id < 0 || id >= vocabularySize {
        throw ModelError.tokenOutOfRange(id: Int(id), vocabularySize: vocabularySize)
      }
      guard !run.tokens.isEmpty else { throw ModelError.invalidBatch("a run without tokens") }
      let total = sequence.tokenCount + run.tokens.count
      guard total <= sequence.capacity else {
        throw ModelError.contextExceeded(limit: sequence.capacity, requested: total)
      }
      layoutRuns.append(BatchLayout.Run(state: sequence.state, rows: run.tokens.count))
    }
    do { return try BatchLayout(layoutRuns) } catch { throw ModelError.invalidBatch("\(error)") }
  }

  /// For every run, the rows of the result that hold its logits.
  var logitRanges: [Range<Int>] {
    var next = 0
    return runs.map { run in
      let count =
        switch run.logits {
        case .none: 0
        case .last: min(1, run.tokens.count)
        case .all: run.tokens.count
        }
      defer { next += count }
      return next..<next + count
    }
  }
}
