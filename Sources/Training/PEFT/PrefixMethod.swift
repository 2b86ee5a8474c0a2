import NumericTypes
import Tensors

/// Keys and values, trained, before those of every sequence (Li, Liang: Prefix-tuning: Optimizing continuous prompts for
/// generation, 2021); in training they may come out of a small network, which is dropped afterwards.
struct PrefixMethod: Sendable {
  private enum Source: Sendable {
    /// Keys and values of each layer, [count, kvHeads · headDim].
    case direct([(keys: Weight, values: Weight)])
    /// Vectors [count, inner], and the layers that make all keys and values of them.
    case network(vectors: Weight, inward: DenseLayer, outward: DenseLayer)
  }

  let count: Int
  let blocks: Range<Int>
  private let source: Source
  private let width: Int
  private let kvHeads: Int

  /// The parameters `keys` and `values` of each layer, or of the network.
  init(
    _ builder: inout ModelBuilder, count: Int, blocks: Range<Int>, kvHeads: Int, headDim: Int, inner: Int?
  ) {
    (self.count, self.blocks, self.kvHeads) = (count, blocks, kvHeads)
    width = kvHeads * headDim
    let begin = Initializer.normal(deviation: 0.02)
    if let inner {
      let vectors = builder.weight("vectors", [count, inner], begin)
      let inward = builder.within("inward") { DenseLayer(&$0, from: inner, to: inner) }
      let all = 2 * blocks.count * width
      source = .network(
        vectors: vectors, inward: inward,
        outward: builder.within("outward") { DenseLayer(&$0, from: inner, to: all) })
    } else {
      let (shape, blocks) = (Shape([count, width]), blocks)
      source = .direct(
        blocks.map { block in
          builder.within("layers.\(block)") { builder in
            (builder.weight("keys", shape, begin), builder.weight("values", shape, begin))
          }
        })
    }
  }

  /// The prefix of a layer.
  func prefix(of block: Int, _ pass: Pass) -> AttentionPrefix? {
    guard blocks.contains(block), count > 0 else { return nil }
    let place = block - blocks.lowerBound
    func heads(_ x: Tensor) -> Tensor { x.reshaped([count, kvHeads, width / kvHeads]) }
    switch source {
    case .direct(let layers):
      return AttentionPrefix(keys: heads(pass[layers[place].keys]), values: heads(pass[layers[place].values]))
    case .network(let vectors, let inward, let outward):
      // The rows of the outward layer that this block's prefix comes of.
      let context = pass.context
      let inner = context.tanh(inward(pass[vectors], pass))
      func part(_ index: Int) -> Tensor {
        let rows = index * width..<(index + 1) * width
        let weight = pass[outward.weight].sliced(axis: 0, rows)
        let y = context.matmul(inner, weight.transposed())
        return heads(outward.bias.map { context.add(y, pass[$0].sliced(axis: 0, rows)) } ?? y)
      }
      return AttentionPrefix(keys: part(2 * place), values: part(2 * place + 1))
    }
  }
}
