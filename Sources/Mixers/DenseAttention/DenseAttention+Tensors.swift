import CVenturi
import Layers
import NumericTypes
import Tensors

/// Attention over whole tensors, without a cache.
///
/// The queries stand at the end of the keys: query i of Nq sees what a query at position i + Nk - Nq sees. A row that
/// sees no key is 0 and has LSE -∞. Memory beyond o and LSE is some 240 KB a thread at d = 64 and a list of items of
/// 40 bytes each: for every kv head one and one more for each 24 rows (queries × group), or one for each 256 keys where that
/// is more. Few queries, whose keys are worked on side by side, have partial rows for each 256 keys too.
extension DenseAttention {
  /// q [B, H, Nq, d], k and v [B, Hkv, Nk, d], f32 with a contiguous last axis: o [B, H, Nq, d] and LSE [B, H, Nq], the
  /// natural logarithm of a row's sum of exponentials.
  ///
  /// - Throws: ``/Layers/MixerError`` for shapes and types that do not fit, and when memory is short.
  public func forward(q: Tensor, k: Tensor, v: Tensor, context: Context) throws(MixerError) -> (o: Tensor, lse: Tensor)
  {
    try check(q, "q", rank: 4, ["B", "\(heads)", "Nq", "\(headDim)"], [nil, heads, nil, headDim])
    let (batch, rows) = (q.shape[0], q.shape[2])
    let sizes = ["\(batch)", "\(kvHeads)", "Nk", "\(headDim)"]
    try check(k, "k", rank: 4, sizes, [batch, kvHeads, nil, headDim])
    let length = k.shape[2]
    try check(v, "v", rank: 4, sizes, [batch, kvHeads, length, headDim])
    let o = context.empty([batch, heads, rows, headDim])
    let lse = context.empty([batch, heads, rows])
    var call = vt_attention()
    (call.q_row, call.q_head) = (Int64(q.strides[2]), Int64(q.strides[1]))
    (call.o_row, call.o_head) = (Int64(headDim), Int64(rows * headDim))
    (call.lse_row, call.lse_head) = (1, Int64(rows))
    (call.key_row, call.key_head) = (Int64(k.strides[2]), Int64(k.strides[1]))
    (call.value_row, call.value_head) = (Int64(v.strides[2]), Int64(v.strides[1]))
    try attend(call, q: q, k: k, v: v, o: o, lse: lse, runs: batch, context) { [heads, headDim] index in
      var run = vt_attention_run()
      run.keys = UnsafePointer(k.pointer(as: Float.self) + index * k.strides[0])
      run.values = UnsafePointer(v.pointer(as: Float.self) + index * v.strides[0])
      run.q_offset = Int64(index * q.strides[0])
      run.o_offset = Int64(index * heads * rows * headDim)
      run.lse_offset = Int64(index * heads * rows)
      run.rows = Int64(rows)
      run.position = Int64(length - rows)
      run.length = Int64(length)
      return run
    }
    return (o, lse)
  }

  /// Sequences of different lengths one behind the other, without padding: q [ΣNq, H, d], k and v [ΣNk, Hkv, d] give
  /// o [ΣNq, H, d] and LSE [ΣNq, H].
  ///
  /// - Parameters:
  ///   - q: queries, f32 with a contiguous last axis.
  ///   - k: keys, f32 with a contiguous last axis.
  ///   - v: values, f32 with a contiguous last axis.
  ///   - queryEnds: where each sequence's queries end in q: the running sum of the lengths, without a leading 0.
  ///   - keyEnds: the same for k and v.
  ///   - context: what computes.
  /// - Throws: ``/Layers/MixerError`` for shapes, types and lengths that do not fit, and when memory is short.
  public func forward(
    q: Tensor, k: Tensor, v: Tensor, queryEnds: [Int], keyEnds: [Int], context: Context
  ) throws(MixerError) -> (o: Tensor, lse: Tensor) {
    try check(q, "q", rank: 3, ["ΣNq", "\(heads)", "\(headDim)"], [nil, heads, headDim])
    try check(k, "k", rank: 3, ["ΣNk", "\(kvHeads)", "\(headDim)"], [nil, kvHeads, headDim])
    try check(v, "v", rank: 3, ["\(k.shape[0])", "\(kvHeads)", "\(headDim)"], [k.shape[0], kvHeads, headDim])
    guard queryEnds.count == keyEnds.count else {
      throw .invalidSetting(field: "keyEnds.count", value: keyEnds.count, expected: "\(queryEnds.count)")
    }
    try Self.check(queryEnds, "queryEnds", total: q.shape[0])
    try Self.check(keyEnds, "keyEnds", total: k.shape[0])
    let rows = q.shape[0]
    let o = context.empty([rows, heads, headDim])
    let lse = context.empty([rows, heads])
    var call = vt_attention()
    (call.q_row, call.q_head) = (Int64(q.strides[0]), Int64(q.strides[1]))
    (call.o_row, call.o_head) = (Int64(heads * headDim), Int64(headDim))
    (call.lse_row, call.lse_head) = (Int64(heads), 1)
    (call.key_row, call.key_head) = (Int64(k.strides[0]), Int64(k.strides[1]))
    (call.value_row, call.value_head) = (Int64(v.strides[0]), Int64(v.strides[1]))
    try attend(call, q: q, k: k, v: v, o: o, lse: lse, runs: queryEnds.count, context) { [heads, headDim] index in
      let firstRow = index == 0 ? 0 : queryEnds[index - 1]
      let firstKey = index == 0 ? 0 : keyEnds[index - 1]
      var run = vt_attention_run()
      run.keys = UnsafePointer(k.pointer(as: Float.self) + firstKey * k.strides[0])
      run.values = UnsafePointer(v.pointer(as: Float.self) + firstKey * v.strides[0])
      run.q_offset = Int64(firstRow * q.strides[0])
      run.o_offset = Int64(firstRow * heads * headDim)
      run.lse_offset = Int64(firstRow * heads)
      run.rows = Int64(queryEnds[index] - firstRow)
      run.length = Int64(keyEnds[index] - firstKey)
      run.position = run.length - run.rows
      return run
    }
    return (o, lse)
  }

  private func attend(
    _ call: vt_attention, q: Tensor, k: Tensor, v: Tensor, o: Tensor, lse: Tensor, runs: Int, _ context: Context,
    _ run: (Int) -> vt_attention_run
  ) throws(MixerError) {
    var call = call
    call.q = UnsafePointer(q.pointer(as: Float.self))
    call.o = o.pointer(as: Float.self)
    call.lse = lse.pointer(as: Float.self)
    let plan = AttentionPlan(core: self, context: context)
    try plan.prepare(runs, run)
    let workers = context.workers
    let jobs = AttentionJobs(context.kernelSet)
    context.perform(.attention, cost: plan.cost()) { [call] in
      plan.attend(call, jobs, workers)
    }
  }

  private func check(
    _ tensor: Tensor, _ name: String, rank: Int, _ names: [String], _ extents: [Int?]
  ) throws(MixerError) {
    guard tensor.dtype == .f32 else { throw .unexpectedType(argument: name, tensor.dtype) }
    guard tensor.shape.rank == rank, tensor.shape.dimensions.allSatisfy({ $0 < 1 << 31 }),
      zip(tensor.shape.dimensions, extents).allSatisfy({ $1 == nil || $0 == $1 }),
      tensor.strides[rank - 1] == 1 || tensor.shape[rank - 1] == 1
    else {
      throw .unexpectedShape(
        argument: name, tensor.shape,
        expected: "[\(names.joined(separator: ", "))] with a contiguous last axis")
    }
  }

  private static func check(_ ends: [Int], _ name: String, total: Int) throws(MixerError) {
    var last = 0
    for (index, end) in ends.enumerated() {
      guard end >= last, end <= total else {
        throw .invalidSetting(field: "\(name)[\(index)]", value: end, expected: "\(last)…\(total)")
      }
      last = end
    }
    guard last == total else { throw .invalidSetting(field: "the last of \(name)", value: last, expected: "\(total)") }
  }
}
