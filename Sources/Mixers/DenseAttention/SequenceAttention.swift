import CVenturi
import Layers
import NumericTypes
import Tensors

/// Attention of whole sequences to themselves, one behind the other without padding, as an encoder's layers have it: the
/// work is listed once for all layers.
///
/// Rows see the keys of their own sequence that the core's mask shows; no cache is kept. A sequence's output is the same
/// bits whatever others share the call.
public final class SequenceAttention {
  private let core: DenseAttention
  private let plan: AttentionPlan
  private let context: Context
  private let starts: [Int]
  private let rows: Int

  /// Work for sequences of `lengths` rows.
  ///
  /// - Throws: ``/Layers/MixerError`` for a length that makes no sense, and when memory is short.
  public init(core: DenseAttention, lengths: [Int], context: Context) throws(MixerError) {
    var starts: [Int] = []
    var rows = 0
    for (index, length) in lengths.enumerated() {
      guard length > 0, length < 1 << 31, rows < 1 << 31 else {
        throw .invalidSetting(field: "lengths[\(index)]", value: length, expected: "1 or more, below 2^31 in all")
      }
      starts.append(rows)
      rows += length
    }
    self.core = core
    self.starts = starts
    self.rows = rows
    self.context = context
    plan = AttentionPlan(core: core, context: context)
    let width = core.heads * core.headDim
    try plan.prepare(lengths.count) { index in
      var run = vt_attention_run()
      // Strides are a call's own: what follows them is filled in there.
      run.o_offset = Int64(starts[index] * width)
      run.rows = Int64(lengths[index])
      run.length = Int64(lengths[index])
      return run
    }
  }

  /// q [rows, heads·d], k and v [rows, kvHeads·d], f32 with contiguous last axes: o [rows, heads·d].
  ///
  /// - Throws: ``/Layers/MixerError`` for tensors that do not fit.
  public func callAsFunction(q: Tensor, k: Tensor, v: Tensor) throws(MixerError) -> Tensor {
    try check(q, "q", heads: core.heads)
    try check(k, "k", heads: core.kvHeads)
    try check(v, "v", heads: core.kvHeads)
    let o = context.empty([rows, core.heads * core.headDim])
    guard let runs = plan.runs else { return o }
    for (index, start) in starts.enumerated() {
      runs[index].q_offset = Int64(start * q.strides[0])
      runs[index].keys = UnsafePointer(k.pointer(as: Float.self) + start * k.strides[0])
      runs[index].values = UnsafePointer(v.pointer(as: Float.self) + start * v.strides[0])
    }
    var call = vt_attention()
    call.q = UnsafePointer(q.pointer(as: Float.self))
    call.o = o.pointer(as: Float.self)
    (call.q_row, call.q_head) = (Int64(q.strides[0]), Int64(core.headDim))
    (call.o_row, call.o_head) = (Int64(core.heads * core.headDim), Int64(core.headDim))
    (call.key_row, call.key_head) = (Int64(k.strides[0]), Int64(core.headDim))
    (call.value_row, call.value_head) = (Int64(v.strides[0]), Int64(core.headDim))
    let (workers, jobs, plan) = (context.workers, AttentionJobs(context.kernelSet), plan)
    withExtendedLifetime((q, k, v)) {
      context.perform(.attention, cost: plan.cost()) { [call] in
        plan.attend(call, jobs, workers)
      }
    }
    return o
  }

  private func check(_ tensor: Tensor, _ name: String, heads: Int) throws(MixerError) {
    guard tensor.dtype == .f32 else { throw .unexpectedType(argument: name, tensor.dtype) }
    guard tensor.shape == [rows, heads * core.headDim], tensor.strides[1] == 1 || tensor.shape[1] == 1 else {
      throw .unexpectedShape(
        argument: name, tensor.shape, expected: "[\(rows), \(heads * core.headDim)] with contiguous rows")
    }
  }
}
