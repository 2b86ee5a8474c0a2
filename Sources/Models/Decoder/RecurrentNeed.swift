import Formats
import Mixers
import NumericTypes
import Tensors

/// The memory of a model whose state does not grow, reckoned from above: every row's values of the widest moment at once.
struct RecurrentNeed {
  let checkpoint: Checkpoint
  let state: RecurrentState.Layout
  let rowValues: Int
  let widest: Int
  let options: LoadOptions
  let threads: Int
  private let vocabularySize: Int

  /// A need; `rowValues` is what a row's widest moment holds, `widest` the longest row that a product reads.
  ///
  /// - Throws: ``ModelError`` and ``/Formats/FormatError`` where there is no embedding.
  init(
    _ checkpoint: Checkpoint, width: Int, state: RecurrentState.Layout, rowValues: Int, widest: Int,
    options: LoadOptions,
    threads: Int
  ) throws {
    self.checkpoint = checkpoint
    self.state = state
    self.rowValues = rowValues
    self.widest = widest
    self.options = options
    self.threads = threads
    vocabularySize = try checkpoint.vocabularySize(width: width)
  }

  var memoryNeed: MemoryNeed {
    let matrices = checkpoint.tensors.filter { $0.shape.rank == 2 }
    let vectors = checkpoint.tensors.filter { $0.shape.rank == 1 }
    let rows = max(1, options.stepTokens)
    let short = min(StepPlans.capturedRows, rows)
    let captured = (1...short).reduce(0) {
      $0.addingClamped(step(rows: $1, logits: 1)).addingClamped(step(rows: $1, logits: $1))
    }
    return MemoryNeed(
      weights: PackedMatrix.packedBytes(of: matrices.map { ($0.dtype, $0.shape[0], $0.shape[1]) })
        .addingClamped(vectors.reduce(0) { $0.addingClamped(Allocator.sizeClass($1.count.multipliedClamped(by: 4))) }),
      perToken: 0, fullSequence: Allocator.sizeClass(state.bytes),
      step: step(rows: rows, logits: min(max(1, options.logitRows), rows)), capturedSteps: captured)
  }

  private func step(rows: Int, logits: Int) -> Int {
    // Blocks come in sizes up to a quarter above what is asked for; quantised inputs take at most four bytes a value, and
    // every worker some rows of scratch.
    let values = rows.multipliedClamped(by: rowValues + 2 * widest)
      .addingClamped(logits.multipliedClamped(by: vocabularySize + 2 * widest))
      .addingClamped(threads * 32 * widest)
    return values.multipliedClamped(by: 5).addingClamped(1 << 16)
  }
}
