import Layers

extension TokenBatch {
  /// The batch as its mixers see it, checked; `isOwn` knows the model's states.
  ///
  /// - Throws: ``ModelError`` naming what is wrong with a token, a state or the batch.
  func layout(vocabularySize: Int, isOwn: (any MixerState) -> Bool) throws -> BatchLayout {
    guard runs.contains(where: { !$0.tokens.isEmpty }) else { throw ModelError.invalidBatch("no tokens") }
    var layoutRuns: [BatchLayout.Run] = []
    for run in runs {
      guard isOwn(run.state) else { throw ModelError.foreignState }
      for id in run.tokens where id < 0 || id >= vocabularySize {
        throw ModelError.tokenOutOfRange(id: Int(id), vocabularySize: vocabularySize)
      }
      guard !run.tokens.isEmpty else { throw ModelError.invalidBatch("a run without tokens") }
      let total = run.state.tokens + run.tokens.count
      guard total <= run.state.capacity else {
        throw ModelError.contextExceeded(limit: run.state.capacity, requested: total)
      }
      layoutRuns.append(
        BatchLayout.Run(state: run.state, rows: run.tokens.count, answerRows: run.answerTokens))
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
