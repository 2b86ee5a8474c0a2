import CVenturi
import Layers
import NumericTypes
import Tensors

/// Exact attention over a paged cache, in tiles with linear memory: the reference core.
///
/// FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning, 2023, arXiv 2307.08691.
///
/// o = softmax(cap(scale · q·kᵀ) + slope · (key - query)) · v over the keys that the mask shows, cap(s) = c · tanh(s / c)
/// where a limit c is set. A query row treats each page of 256 keys alone and merges the pages in order, so its bits depend
/// on its keys only (see README.md).
public struct DenseAttention: AttentionCore, Hashable {
  /// The number of query heads.
  public let heads: Int
  /// The number of key and value heads.
  public let kvHeads: Int
  /// The width of a head.
  public let headDim: Int
  /// The factor of the scores, 1/√headDim by default.
  public let scale: Float
  /// The limit that scores approach (Gemma 2's logit soft-capping); `nil` for none.
  public let softcap: Float?
  /// Which keys a query sees.
  public let mask: AttentionMask
  /// For each query head, what is added to a score for each key position after the query's own (ALiBi: a score of the
  /// key n places back loses n · slope); `nil` for no bias.
  public let slopes: [Float]?
  /// Which of a run's states holds the keys and values.
  public let slot: Int

  /// A core for sizes that may come from a model file.
  ///
  /// - Throws: ``/Layers/MixerError/invalidSetting(field:value:expected:)``,
  ///   ``/Layers/MixerError/headsNotDivisible(heads:kvHeads:)``.
  public init(
    heads: Int, kvHeads: Int, headDim: Int, scale: Float? = nil, softcap: Float? = nil, mask: AttentionMask = .causal,
    slopes: [Float]? = nil, slot: Int = 0
  ) throws(MixerError) {
    guard 1...4096 ~= heads else { throw .invalidSetting(field: "heads", value: heads, expected: "1…4096") }
    guard 1...4096 ~= kvHeads else { throw .invalidSetting(field: "kvHeads", value: kvHeads, expected: "1…4096") }
    guard heads.isMultiple(of: kvHeads) else { throw .headsNotDivisible(heads: heads, kvHeads: kvHeads) }
    guard 1...1024 ~= headDim else { throw .invalidSetting(field: "headDim", value: headDim, expected: "1…1024") }
    for (name, bound) in [("mask.left", mask.left), ("mask.right", mask.right)] {
      if let bound, !(0..<1 << 31 ~= bound) { throw .invalidSetting(field: name, value: bound, expected: "0 or more") }
    }
    if let softcap, !(softcap > 0 && softcap.isFinite) {
      throw .invalidNumber(field: "softcap", value: Double(softcap), expected: "a finite number above 0")
    }
    if let slopes, slopes.count != heads {
      throw .invalidSetting(field: "slopes.count", value: slopes.count, expected: "\(heads)")
    }
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.scale = scale ?? 1 / Float(headDim).squareRoot()
    self.softcap = softcap
    self.mask = mask
    self.slopes = slopes
    self.slot = slot
  }

  /// The query heads that share a kv head.
  public var group: Int { heads / kvHeads }

  /// Writes k and v [rows, kvHeads·d] of the batch into the caches of ``slot``.
  ///
  /// - Throws: ``/Layers/MixerError`` for tensors, layers or states that do not fit.
  public func append(k: Tensor, v: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) {
    let workspace = try workspace(batch, layer: layer, context)
    try append(k: k, v: v, layer: layer, batch: batch, context: context, by: workspace)
  }

  /// Writes k and v by a workspace that follows the batch.
  func append(
    k: Tensor, v: Tensor, layer: Int, batch: BatchBox, context: Context, by workspace: AttentionWorkspace
  ) throws(MixerError) {
    try check(k, "k", heads: kvHeads, batch)
    try check(v, "v", heads: kvHeads, batch)
    let jobs = AttentionJobs(context.kernelSet)
    var call = vt_attention_append()
    call.k = UnsafePointer(k.pointer(as: Float.self))
    call.v = UnsafePointer(v.pointer(as: Float.self))
    call.k_row = Int64(k.strides[0])
    call.v_row = Int64(v.strides[0])
    call.kv_heads = Int32(kvHeads)
    let workers = context.workers
    let rows = k.shape[0]
    context.perform(.cacheAppend, cost: workspace.appendCost()) { [call] in
      precondition(batch.rows <= rows, "a batch of \(batch.rows) rows for keys of \(rows)")
      workspace.append(layer: layer, call, jobs, workers)
    }
  }

  /// Attends with q [rows, heads·d] to what the caches hold, the batch's own rows included: o [rows, heads·d].
  ///
  /// - Throws: ``/Layers/MixerError`` for tensors, layers or states that do not fit.
  public func attend(q: Tensor, layer: Int, batch: BatchBox, context: Context) throws(MixerError) -> Tensor {
    let workspace = try workspace(batch, layer: layer, context)
    let (o, call) = try call(q: q, batch: batch, context: context)
    let workers = context.workers
    let jobs = AttentionJobs(context.kernelSet)
    let rows = q.shape[0]
    context.perform(.attention, cost: workspace.attendCost()) { [call] in
      precondition(batch.rows <= rows, "a batch of \(batch.rows) rows for queries of \(rows)")
      workspace.attend(layer: layer, call, jobs, workers)
    }
    return o
  }

  /// What attends to q, and where its output will be: o [rows, heads·d].
  func call(q: Tensor, batch: BatchBox, context: Context) throws(MixerError) -> (o: Tensor, call: vt_attention) {
    try check(q, "q", heads: heads, batch)
    let o = context.empty([q.shape[0], heads * headDim])
    var call = vt_attention()
    call.q = UnsafePointer(q.pointer(as: Float.self))
    call.o = o.pointer(as: Float.self)
    call.q_row = Int64(q.strides[0])
    call.o_row = Int64(heads * headDim)
    call.q_head = Int64(headDim)
    call.o_head = Int64(headDim)
    return (o, call)
  }

  /// The bytes of each buffer that attending with `rows` rows of one sequence at the end of its context takes.
  package func workspaceBytes(rows: Int, contextLength: Int, threads: Int, grows: Bool) -> [Int] {
    AttentionPlan.bytes(self, rows: rows, contextLength: contextLength, threads: threads, grows: grows)
  }

  private func check(_ tensor: Tensor, _ name: String, heads: Int, _ batch: BatchBox) throws(MixerError) {
    guard tensor.dtype == .f32 else { throw .unexpectedType(argument: name, tensor.dtype) }
    guard tensor.shape.rank == 2, tensor.shape[1] == heads * headDim, tensor.shape[0] >= batch.rows,
      tensor.strides[1] == 1 || tensor.shape[1] == 1
    else {
      throw .unexpectedShape(
        argument: name, tensor.shape, expected: "[\(batch.rows) or more, \(heads * headDim)] with contiguous rows")
    }
  }

  private func workspace(_ batch: BatchBox, layer: Int, _ context: Context) throws(MixerError) -> AttentionWorkspace {
    let workspace = try batch.attachment(self) { AttentionWorkspace(core: self, context: context) }
    try workspace.check(layer: layer)
    return workspace
  }
}
