import CVenturi
import Layers
import NumericTypes
import Tensors

/// Attention that reads the blocks of keys that promise most, for the tokens of answers.
///
/// Kinetics: Rethinking Test-Time Scaling Laws, 2025, arXiv 2506.05333. A row of an answer (``/Layers/BatchLayout/Run/answerRows``)
/// before which there are more blocks than the budget has scores every block by the largest q · mean(keys) of the query heads of a kv
/// head, and attends exactly to the best ones and the last keys. All other rows see every key as in ``DenseAttention``. What a row
/// sees depends on its sequence alone, not on the rows beside it.
public struct BlockTopKAttention: AttentionCore, Hashable {
  /// Attention to all keys.
  public let dense: DenseAttention
  /// What is seen.
  public let budget: BlockBudget

  /// A core that chooses among the keys of `dense`.
  ///
  /// - Throws: ``/Layers/MixerError/invalidSetting(field:value:expected:)`` for a core with a window or biases by distance: chosen
  ///   blocks stand side by side, at other distances than their own.
  public init(_ dense: DenseAttention, budget: BlockBudget) throws(MixerError) {
    guard dense.mask == .causal else {
      throw .invalidSetting(field: "mask.left", value: dense.mask.left ?? -1, expected: "none, all earlier keys")
    }
    guard dense.slopes == nil else {
      throw .invalidSetting(field: "slopes.count", value: dense.slopes?.count ?? 0, expected: "none")
    }
    self.dense = dense
    self.budget = budget
  }

  /// The number of query heads.
  public var heads: Int { dense.heads }
  /// The number of key and value heads.
  public var kvHeads: Int { dense.kvHeads }
  /// The width of a head.
  public var headDim: Int { dense.headDim }

  /// Writes k and v [rows, kvHeads·d] of the batch into the caches, with the means of the blocks that they complete.
  ///
  /// - Throws: ``/Layers/MixerError`` for tensors, layers or states that do not fit.
  public func append(k: Tensor, v: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) {
    let workspace = try workspace(batch, layer: layer, context)
    try dense.append(k: k, v: v, layer: layer, batch: batch, context: context, by: workspace.all)
    let (workers, jobs) = (context.workers, AttentionJobs(context.kernelSet))
    context.perform(.cacheAppend, cost: workspace.meansCost()) {
      workspace.average(layer: layer, jobs, workers)
    }
  }

  /// Attends with q [rows, heads·d] to what the caches hold, as far as each row sees it: o [rows, heads·d].
  ///
  /// - Throws: ``/Layers/MixerError`` for tensors, layers or states that do not fit.
  public func attend(q: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor {
    let workspace = try workspace(batch, layer: layer, context)
    let (o, call) = try dense.call(q: q, batch: batch, context: context)
    let (workers, jobs, rows) = (context.workers, AttentionJobs(context.kernelSet), q.shape[0])
    context.perform(.attention, cost: workspace.attendCost()) { [call] in
      precondition(batch.rows <= rows, "a batch of \(batch.rows) rows for queries of \(rows)")
      workspace.attend(layer: layer, call, jobs, workers)
    }
    return o
  }

  /// The bytes of each buffer that attending with `rows` rows of one sequence at the end of its context takes.
  package func workspaceBytes(
    rows: Int, contextLength: Int, threads: Int, grows: Bool, cache: KeyValueLayout
  ) -> [Int] {
    func dense(_ rows: Int, _ length: Int) -> [Int] {
      self.dense.workspaceBytes(rows: rows, contextLength: length, threads: threads, grows: grows)
    }
    guard budget.chooses(contextLength) else { return dense(rows, contextLength) }
    let pages = KeyValueLayout.pages(budget.most)
    let scratch = BlockTopKWorkspace.scratchFloats(contextLength, budget, headDim: headDim)
    let following = [rows * MemoryLayout<vt_attention_run>.stride, threads * scratch * 4]
    // One row of an answer leaves nothing to those that see all.
    return dense(rows, contextLength) + (rows > 1 ? dense(rows - 1, contextLength) : [])
      + [threads * pages * cache.headBytes, threads * pages * 8] + following.map { grows ? 2 * $0 : $0 }
  }

  private func workspace(_ batch: BatchBox, layer: Int, _ context: Context) throws(MixerError) -> BlockTopKWorkspace {
    let workspace = try batch.attachment(self) { BlockTopKWorkspace(core: self, context: context) }
    try workspace.all.check(layer: layer)
    return workspace
  }
}
