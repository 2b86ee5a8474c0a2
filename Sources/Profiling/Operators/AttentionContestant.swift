import Layers
import Mixers
import Numerics
import Tensors

/// Our own side of an attention benchmark: keys and values go into an f32 cache, then every query attends.
final class AttentionContestant: OperatorContestant {
  private let core: DenseAttention
  private let cache: KeyValueCache
  private let box = BatchBox()
  private let context: Context
  private let q: Tensor
  private let k: Tensor
  private let v: Tensor
  private let rows: Int

  /// - Throws: `MixerError`.
  init(_ attention: AttentionCase, context: Context) throws {
    self.context = context
    rows = attention.n
    core = try DenseAttention(
      heads: attention.heads, kvHeads: attention.kvHeads, headDim: attention.d,
      mask: attention.causal ? .causal : AttentionMask(left: nil, right: nil))
    let layout = try KeyValueLayout(layers: 1, kvHeads: attention.kvHeads, headDim: attention.d, dtype: .f32)
    cache = try KeyValueCache(layout, capacity: rows, allocator: context.allocator)
    q = context.empty([rows, attention.heads * attention.d])
    k = context.empty([rows, attention.kvHeads * attention.d])
    v = context.empty([rows, attention.kvHeads * attention.d])
    var random = Random(seed: 1)
    for tensor in [q, k, v] {
      let values = tensor.pointer(as: Float.self)
      for index in 0..<tensor.count { values[index] = Float(random.uniform() * 2 - 1) }
    }
  }

  /// The seconds of one pass, the mean of `repeats` in a row.
  func turn(repeats: Int) throws -> Double {
    try TimingProtocol.time {
      for _ in 0..<repeats {
        try cache.truncate(to: 0)
        try box.begin(BatchLayout([BatchLayout.Run(state: cache, rows: rows)]))
        _ = try core(q: q, k: k, v: v, layer: 0, batch: box, context: context)
        box.commit()
      }
    } / Double(repeats)
  }
}
