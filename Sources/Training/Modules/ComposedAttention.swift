import NumericTypes
import Tensors

/// What a composed attention adds to its scores: 0 where a query sees a key, a large negative number elsewhere.
struct ScoreMask: Hashable {
  /// The batch's rows where documents are packed into them, else 1.
  let rows: Int
  let queries: Int
  let keys: Int
  let isCausal: Bool

  /// [rows, 1, 1, queries, keys]; the last query stands beside the last key, and `starts` [B, queries] says for each where its
  /// document begins.
  func values(starts: Tensor?, _ context: Context) -> Tensor {
    let mask = context.empty([rows, 1, 1, queries, keys])
    // A rehearsal wants the memory alone.
    if context.isRehearsal { return mask }
    let (values, shift) = (mask.pointer(as: Float.self), keys - queries)
    let first = starts.map { context.contiguous(context.cast($0, to: .i32)) }
    let from = first?.pointer(as: Int32.self)
    withExtendedLifetime(first) {
      for row in 0..<rows {
        for query in 0..<queries {
          let low = from.map { Int($0[row * queries + query]) } ?? 0
          let high = isCausal ? query + shift : keys - 1
          let line = values + (row * queries + query) * keys
          for key in 0..<keys { line[key] = key >= low && key <= high ? 0 : -1e30 }
        }
      }
    }
    return mask
  }
}

extension Pass {
  /// softmax(q kᵀ / √d + mask) v of operators whose results are kept: queries [B, N, H, d] over keys and values [B, M, K, d] →
  /// [B, N, H, d]. Query head h reads kv head h / (H / K).
  func composedAttention(_ q: Tensor, _ k: Tensor, _ v: Tensor, isCausal: Bool, starts: Tensor?) -> Tensor {
    let context = context
    let (rows, queries, heads, depth) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let kvHeads = k.shape[2]
    /// [B, L, heads, x] → [B, K, heads / K, L, x].
    func byHead(_ x: Tensor) -> Tensor {
      context.contiguous(x).reshaped([rows, x.shape[1], kvHeads, x.shape[2] / kvHeads, x.shape[3]])
        .transposed(1, 2).transposed(2, 3)
    }
    let scores = context.within("scores") {
      let seen = ScoreMask(
        rows: starts == nil ? 1 : rows, queries: queries, keys: k.shape[1], isCausal: isCausal)
      let products = context.matmul(byHead(q), byHead(k).transposed())
      return context.add(
        context.multiply(products, 1 / Double(depth).squareRoot()), mask(seen, starts: starts))
    }
    let weights = context.within("softmax") { context.softmax(scores) }
    return context.within("values") {
      let mixed = context.matmul(weights, byHead(v))
      return context.contiguous(mixed.transposed(2, 3).transposed(1, 2)).reshaped([rows, queries, heads, depth])
    }
  }
}
