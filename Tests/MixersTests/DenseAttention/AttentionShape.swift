import Layers
import Mixers
import Numerics
import Tensors
import VenturiTesting

/// A case of dense attention, with its core, its oracle and its laws.
struct AttentionShape: Sendable, CustomStringConvertible {
  var queries: Int, keys: Int, heads: Int, kvHeads: Int, headDim: Int
  var mask: AttentionMask
  var biased: Bool

  init(
    _ keys: Int, queries: Int? = nil, heads: Int, kvHeads: Int, headDim: Int, mask: AttentionMask = .causal,
    biased: Bool = false
  ) {
    self.queries = queries ?? keys
    self.keys = keys
    self.heads = heads
    self.kvHeads = kvHeads
    self.headDim = headDim
    self.mask = mask
    self.biased = biased
  }

  var description: String {
    let window = "\(mask.left.map(String.init) ?? "all")…\(mask.right.map(String.init) ?? "all")"
    return "\(queries)×\(keys) H=\(heads)/\(kvHeads) d=\(headDim) window \(window)\(biased ? " biased" : "")"
  }

  var widths: [Int] { [heads * headDim, kvHeads * headDim, kvHeads * headDim] }
  var slopes: [Float]? { biased ? (0..<heads).map { 0.5 / Float($0 + 1) } : nil }
  var core: DenseAttention {
    get throws { try DenseAttention(heads: heads, kvHeads: kvHeads, headDim: headDim, mask: mask, slopes: slopes) }
  }

  var oracle: NaiveAttention {
    let (mask, slopes) = (mask, slopes)
    return NaiveAttention(
      heads: heads, kvHeads: kvHeads, headDim: headDim,
      sees: { query, key in
        key >= query - (mask.left ?? .max / 2) && key <= query + (mask.right ?? .max / 2)
      },
      bias: { head, query, key in Double(slopes?[head] ?? 0) * Double(key - query) })
  }

  func laws(_ dtype: DType) throws -> SequenceLaws {
    let layout = try KeyValueLayout(layers: 1, kvHeads: kvHeads, headDim: headDim, dtype: dtype)
    var laws = SequenceLaws(core: try core) {
      try KeyValueCache(layout, capacity: $0, allocator: $1.allocator)
    }
    laws.tokens = keys
    laws.chunked = mask.right == 0
    return laws
  }
}
