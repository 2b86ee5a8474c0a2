import Layers
import Mixers
import NumericTypes
import Tensors

/// Attention of one new token over an f16 cache, layer after layer as a model does it: what decoding waits for when the
/// context is long.
final class DecodeContestant: OperatorContestant {
  private let core: DenseAttention
  private let context: Context
  private let layers: Int
  private let batch = BatchBox()
  private let q: Tensor
  private let kv: Tensor

  /// - Throws: `MixerError`.
  init(_ attention: DecodeCase, context: Context) throws {
    self.context = context
    layers = attention.layers
    core = try DenseAttention(heads: attention.heads, kvHeads: attention.kvHeads, headDim: attention.d)
    let layout = try KeyValueLayout(layers: layers, kvHeads: attention.kvHeads, headDim: attention.d)
    let cache = try KeyValueCache(layout, capacity: attention.n, allocator: context.allocator)
    q = context.empty([1, attention.heads * attention.d])
    kv = context.empty([1, attention.kvHeads * attention.d])
    var random = Random(seed: 1)
    AttentionContestant.fill(q, &random)
    AttentionContestant.fill(kv, &random)
    var filled = 0
    while filled < attention.n - 1 {
      let rows = min(256, attention.n - 1 - filled)
      let block = context.empty([layers, attention.kvHeads, rows, attention.d])
      AttentionContestant.fill(block, &random)
      try cache.import(k: block, v: block)
      filled += rows
    }
    try batch.begin(BatchLayout([.init(state: cache, rows: 1)]))
  }

  /// The seconds of one token, the mean of `repeats` in a row. The token is never committed, so all turns are alike.
  ///
  /// - Throws: `MixerError`.
  func turn(repeats: Int) throws -> Double {
    try TimingProtocol.time {
      for _ in 0..<repeats {
        for layer in 0..<layers { _ = try core(q: q, k: kv, v: kv, layer: layer, batch: batch, context: context) }
      }
    } / Double(repeats)
  }
}
