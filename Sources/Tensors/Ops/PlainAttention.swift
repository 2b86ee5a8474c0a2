import NumericTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Attention in f64 row by row, for what has to be exact.
struct PlainAttention {
  private let extents: AttentionExtents
  private let seen: AttentionVisibility
  private let q: Tensor
  private let k: Tensor
  private let v: Tensor

  init(_ parts: [Tensor], _ extents: AttentionExtents, _ seen: AttentionVisibility) {
    (q, k, v) = (parts[0], parts[1], parts[2])
    self.extents = extents
    self.seen = seen
  }

  private typealias Row = UnsafePointer<Double>

  /// The row of a tensor [B, L, heads, x].
  private static func rows(_ x: Tensor) -> (Int, Int, Int) -> UnsafeMutablePointer<Double> {
    let (base, strides) = (x.pointer(as: Double.self), x.strides)
    return { base + $0 * strides[0] + $1 * strides[1] + $2 * strides[2] }
  }

  private func visible() -> (Int, Int) -> Range<Int> {
    let (first, end) = (seen.firstKey.pointer(as: Int32.self), seen.endKey.pointer(as: Int32.self))
    let stride = seen.firstKey.shape[0] == 1 ? 0 : extents.queries
    return { Int(first[$0 * stride + $1])..<Int(end[$0 * stride + $1]) }
  }

  private static func dot(_ a: Row, _ b: Row, _ count: Int) -> Double {
    var sum = 0.0
    for i in 0..<count { sum += a[i] * b[i] }
    return sum
  }

  func forward(_ output: Tensor, _ sums: Tensor, _ context: Context) {
    withExtendedLifetime(self) {
      let (e, queries, keys, values) = (extents, Self.rows(q), Self.rows(k), Self.rows(v))
      let (to, sums, visible) = (Self.rows(output), sums.pointer(as: Double.self), visible())
      context.performRanges(
        e.batch * e.heads * e.queries, grain: max(1, 8192 / max(1, e.keys * e.depth)), .attention,
        e.cost(products: 2, passes: 2)
      ) { range in
        for index in range {
          let (sequence, rest) = index.quotientAndRemainder(dividingBy: e.heads * e.queries)
          let (head, row) = rest.quotientAndRemainder(dividingBy: e.queries)
          let (query, out) = (queries(sequence, row, head), to(sequence, row, head))
          out.update(repeating: 0, count: e.width)
          var (largest, total) = (-Double.infinity, 0.0)
          for key in visible(sequence, row) {
            let score = e.scale * Self.dot(query, keys(sequence, key, head / e.group), e.depth)
            let top = score > largest || score.isNaN ? score : largest
            let shrink = largest == top ? 1 : exp(largest - top)
            let weight = exp(score - top)
            (largest, total) = (top, total * shrink + weight)
            let value = values(sequence, key, head / e.group)
            for i in 0..<e.width { out[i] = out[i] * shrink + weight * value[i] }
          }
          sums[index] = largest + log(total)
          if total != 0 { for i in 0..<e.width { out[i] /= total } }
        }
      }
    }
  }

  func backward(_ output: Tensor, _ sums: Tensor, _ gradient: Tensor, to made: [Tensor], _ context: Context) {
    withExtendedLifetime((self, output, sums, gradient)) {
      let (e, queries, keys, values) = (extents, Self.rows(q), Self.rows(k), Self.rows(v))
      let (outputs, gradients, sums, visible) = (
        Self.rows(output), Self.rows(gradient), sums.pointer(as: Double.self), visible()
      )
      let (toQ, toK, toV) = (Self.rows(made[0]), Self.rows(made[1]), Self.rows(made[2]))
      context.performRanges(
        e.batch * e.kvHeads, grain: 1, .attentionBackward, e.cost(products: 5, passes: 4)
      ) { range in
        for index in range {
          let (sequence, kvHead) = index.quotientAndRemainder(dividingBy: e.kvHeads)
          for key in 0..<e.keys {
            toK(sequence, key, kvHead).update(repeating: 0, count: e.depth)
            toV(sequence, key, kvHead).update(repeating: 0, count: e.width)
          }
          for head in kvHead * e.group..<(kvHead + 1) * e.group {
            for row in 0..<e.queries {
              let (query, g) = (queries(sequence, row, head), gradients(sequence, row, head))
              let (mean, sum) = (
                Self.dot(g, outputs(sequence, row, head), e.width),
                sums[(sequence * e.heads + head) * e.queries + row]
              )
              let slope = toQ(sequence, row, head)
              slope.update(repeating: 0, count: e.depth)
              for key in visible(sequence, row) {
                let x = keys(sequence, key, kvHead)
                let weight = exp(e.scale * Self.dot(query, x, e.depth) - sum)
                let share = e.scale * weight * (Self.dot(g, values(sequence, key, kvHead), e.width) - mean)
                let (kSlope, vSlope) = (toK(sequence, key, kvHead), toV(sequence, key, kvHead))
                for i in 0..<e.width { vSlope[i] += weight * g[i] }
                for i in 0..<e.depth {
                  kSlope[i] += share * query[i]
                  slope[i] += share * x[i]
                }
              }
            }
          }
        }
      }
    }
  }
}
