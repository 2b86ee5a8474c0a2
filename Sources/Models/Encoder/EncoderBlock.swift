import Layers
import Mixers
import Tensors

/// One block of an encoder: attention of all positions to all that its mask shows, then a feed-forward layer, each added to
/// the residual stream x.
///
/// Norms come before the two, x += attention(norm x), or behind the sums, x = norm(x + attention(x)), as in the first
/// transformers (Vaswani et al.: Attention is all you need, 2017).
struct EncoderBlock: Sendable {
  /// Where the norms are.
  enum Order: Sendable { case normsBefore, normsBehind }

  let query: any LinearCore
  let key: any LinearCore
  let value: any LinearCore
  let output: any LinearCore
  /// The heads and which keys a row sees.
  let core: DenseAttention
  /// How queries and keys turn; `nil` where positions are part of the embedding.
  let positions: RotaryEmbedding?
  let attentionNorm: (any Normalization)?
  let mlp: any FeedForward
  let mlpNorm: any Normalization
  let order: Order

  /// The residual stream x [rows, width] behind the block; x itself is used up.
  ///
  /// - Throws: ``/Layers/MixerError`` for sizes that do not fit.
  func callAsFunction(
    _ x: Tensor, attention: SequenceAttention, lengths: [Int], layer: Int, _ context: Context
  ) throws(MixerError) -> Tensor {
    var x = x
    try context.within("mixer", layer: layer) { () throws(MixerError) in
      let input = order == .normsBefore ? attentionNorm.map { $0(x, context) } ?? x : x
      let heads = try context.within("attention") { () throws(MixerError) in
        let projected = together([query, key, value], LinearInput(input), context)
        positions?.rotate(Array(projected[..<2]), lengths: lengths, context)
        return try attention(q: projected[0], k: projected[1], v: projected[2])
      }
      output.add(LinearInput(heads), to: x, context)
      if order == .normsBehind, let attentionNorm { x = attentionNorm(x, context) }
    }
    context.within("mlp", layer: layer) {
      mlp.add(LinearInput(order == .normsBefore ? mlpNorm(x, context) : x), to: x, context)
      if order == .normsBehind { x = mlpNorm(x, context) }
    }
    return x
  }
}
