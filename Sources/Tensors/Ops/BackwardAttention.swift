import CVenturi

/// The way back of ``BlockAttention`` over addresses: with P = e^(scale · q kᵀ - log Σ) and D = Σ gᵢ oᵢ of each query,
/// gV = Pᵀ g, S = scale · P (g vᵀ - D), gK = Sᵀ q and gQ = S k. Scores and slopes are made transposed, keys by queries.
struct BackwardAttention {
  let extents: AttentionExtents
  let kernels: UnsafePointer<vt_gemm_kernels>
  let functions: UnsafePointer<vt_elementwise_kernels>
  let places: AttentionPlaces
  let q: AttentionOperand
  let k: AttentionOperand
  let v: AttentionOperand
  let output: AttentionOperand
  let gradient: AttentionOperand
  let sums: UnsafePointer<Float>
  let toQ: AttentionOperand
  let toK: AttentionOperand
  let toV: AttentionOperand
  let scratch: UnsafeMutablePointer<Float>
  let scratchStride: Int
  let starts: [Int]

  /// What a worker writes meanwhile.
  private struct Scratch {
    /// A head's queries and gradients of results, as panels of 16 queries [panel][d][16] and of 16 values [panel][N][16].
    let queriesAcross: UnsafeMutablePointer<Float>
    let queriesAlong: UnsafeMutablePointer<Float>
    let gradientsAcross: UnsafeMutablePointer<Float>
    let gradientsAlong: UnsafeMutablePointer<Float>
    /// The gradient of the queries, [d rounded up][N rounded up].
    let slopes: UnsafeMutablePointer<Float>
    /// D, [N].
    let means: UnsafeMutablePointer<Float>
    /// Keys by queries.
    let weights: UnsafeMutablePointer<Float>
    let shares: UnsafeMutablePointer<Float>
    /// The shares as panels of 16 queries, and a block's keys [d][keys].
    let packed: UnsafeMutablePointer<Float>
    let keys: UnsafeMutablePointer<Float>
    let panel: UnsafeMutablePointer<Float>
  }

  private static func lengths(_ e: AttentionExtents) -> [Int] {
    let rows = 16 * e.queryPanels
    let (depth, width) = (16 * ((e.depth + 15) / 16), 16 * ((e.width + 15) / 16))
    let block = BlockAttention.keyRows * BlockAttention.backRows
    return [
      rows * e.depth, depth * e.queries, rows * e.width, width * e.queries, depth * rows, rows, block, block, block,
      depth * BlockAttention.keyRows, 16 * max(rows, depth),
    ].map { ($0 + 15) & ~15 }
  }

  /// Where the parts of a worker's scratch begin, and what all of them need.
  static func scratch(_ e: AttentionExtents) -> (starts: [Int], count: Int) {
    var count = 0
    let starts = lengths(e).map { length in
      defer { count += length }
      return count
    }
    return (starts, count)
  }

  private func scratch(_ worker: Int) -> Scratch {
    let base = scratch + worker * scratchStride
    return Scratch(
      queriesAcross: base + starts[0], queriesAlong: base + starts[1], gradientsAcross: base + starts[2],
      gradientsAlong: base + starts[3], slopes: base + starts[4], means: base + starts[5], weights: base + starts[6],
      shares: base + starts[7], packed: base + starts[8], keys: base + starts[9], panel: base + starts[10])
  }

  /// A kv head and the query heads that read it.
  func run(_ item: Int, _ worker: Int) {
    let e = extents
    let (sequence, kvHead) = item.quotientAndRemainder(dividingBy: e.kvHeads)
    let s = scratch(worker)
    for head in kvHead * e.group..<(kvHead + 1) * e.group {
      pack(q, e.depth, sequence, head, across: s.queriesAcross, along: s.queriesAlong)
      pack(gradient, e.width, sequence, head, across: s.gradientsAcross, along: s.gradientsAlong)
      for row in 0..<e.queries {
        let (g, o) = (gradient(sequence, row, head), output(sequence, row, head))
        s.means[row] = laneSum(e.width) { g[$0] * o[$0] }
      }
      s.slopes.update(repeating: 0, count: e.depth * 16 * e.queryPanels)
      for first in stride(from: 0, to: e.keys, by: BlockAttention.keyRows) {
        block(first, sequence, head, isFirst: head == kvHead * e.group, s)
      }
      unpackSlopes(sequence, head, s)
    }
  }

  private func pack(
    _ x: AttentionOperand, _ width: Int, _ sequence: Int, _ head: Int, across: UnsafeMutablePointer<Float>,
    along: UnsafeMutablePointer<Float>
  ) {
    let queries = extents.queries
    for panel in 0..<extents.queryPanels {
      kernels.pointee.pack_transposed_f32(
        Int32(min(16, queries - 16 * panel)), Int32(width), x(sequence, 16 * panel, head), Int64(x.row),
        across + panel * width * 16)
    }
    for panel in 0..<(width + 15) / 16 {
      kernels.pointee.pack_f32(
        Int32(min(16, width - 16 * panel)), Int32(queries), x(sequence, 0, head) + 16 * panel, Int64(x.row),
        along + panel * queries * 16)
    }
  }

  /// A block of keys with all queries of a head that see any of them.
  private func block(_ first: Int, _ sequence: Int, _ head: Int, isFirst: Bool, _ s: Scratch) {
    let (e, table, gemm) = (extents, functions.pointee, kernels.pointee)
    let keys = min(BlockAttention.keyRows, e.keys - first)
    let low = places.firstQuery + sequence * places.keyStride + first
    let high = places.endQuery + sequence * places.keyStride + first
    let kvHead = head / e.group
    let (keySlopes, valueSlopes) = (toK(sequence, first, kvHead), toV(sequence, first, kvHead))
    let end = Int(high[keys - 1])
    var (start, isNew) = (Int(low[0]) & ~15, isFirst)
    if Int(low[0]) >= end {
      if isFirst {
        for key in 0..<keys {
          (keySlopes + key * toK.row).update(repeating: 0, count: e.depth)
          (valueSlopes + key * toV.row).update(repeating: 0, count: e.width)
        }
      }
      return
    }
    turn(k(sequence, first, kvHead), keys, s)
    let (rows, padded, scale) = (BlockAttention.backRows, 16 * e.queryPanels, Float(e.scale))
    let logarithms = sums + (sequence * e.heads + head) * e.queries
    while start < end {
      let stop = min(end, (start / rows + 1) * rows)
      let count = stop - start
      gemm.block_f32(
        Int32(keys), Int32(e.depth), k(sequence, first, kvHead), Int64(k.row), s.queriesAcross + start * e.depth,
        Int64(e.depth * 16), s.weights, Int64(rows), Int32(count), 0)
      gemm.block_f32(
        Int32(keys), Int32(e.width), v(sequence, first, kvHead), Int64(v.row), s.gradientsAcross + start * e.width,
        Int64(e.width * 16), s.shares, Int64(rows), Int32(count), 0)
      for key in 0..<keys {
        let (weights, shares) = (s.weights + key * rows, s.shares + key * rows)
        let from = min(max(Int(low[key]) - start, 0), count)
        let to = max(min(Int(high[key]) - start, count), from)
        if from > 0 {
          weights.update(repeating: 0, count: from)
          shares.update(repeating: 0, count: from)
        }
        if to < count {
          (weights + to).update(repeating: 0, count: count - to)
          (shares + to).update(repeating: 0, count: count - to)
        }
        let (some, at) = (Int64(to - from), start + from)
        table.exp_shifted_f32(some, weights + from, scale, logarithms + at, 1, weights + from)
        table.softmax_gradient_f32(some, weights + from, shares + from, s.means + at, scale, shares + from)
      }
      gemm.block_f32(
        Int32(keys), Int32(count), s.weights, Int64(rows), s.gradientsAlong + start * 16, Int64(e.queries * 16),
        valueSlopes, Int64(toV.row), Int32(e.width), isNew ? 0 : 1)
      gemm.block_f32(
        Int32(keys), Int32(count), s.shares, Int64(rows), s.queriesAlong + start * 16, Int64(e.queries * 16),
        keySlopes, Int64(toK.row), Int32(e.depth), isNew ? 0 : 1)
      for panel in 0..<(count + 15) / 16 {
        gemm.pack_f32(
          Int32(min(16, count - 16 * panel)), Int32(keys), s.shares + 16 * panel, Int64(rows),
          s.packed + panel * keys * 16)
      }
      gemm.block_f32(
        Int32(e.depth), Int32(keys), s.keys, Int64(BlockAttention.keyRows), s.packed, Int64(keys * 16),
        s.slopes + start, Int64(padded), Int32(count), 1)
      (start, isNew) = (stop, false)
    }
  }

  /// A block's keys [keys][d] as [d][keys].
  private func turn(_ x: UnsafePointer<Float>, _ keys: Int, _ s: Scratch) {
    let depth = extents.depth
    for first in stride(from: 0, to: keys, by: 16) {
      let some = min(16, keys - first)
      kernels.pointee.pack_transposed_f32(
        Int32(some), Int32(depth), x + first * k.row, Int64(k.row), s.panel)
      for i in 0..<depth {
        (s.keys + i * BlockAttention.keyRows + first).update(from: s.panel + 16 * i, count: some)
      }
    }
  }

  /// The gradient of a head's queries as rows.
  private func unpackSlopes(_ sequence: Int, _ head: Int, _ s: Scratch) {
    let (e, padded) = (extents, 16 * extents.queryPanels)
    for first in stride(from: 0, to: e.depth, by: 16) {
      let some = min(16, e.depth - first)
      kernels.pointee.pack_transposed_f32(
        Int32(some), Int32(e.queries), s.slopes + first * padded, Int64(padded), s.panel)
      for row in 0..<e.queries { (toQ(sequence, row, head) + first).update(from: s.panel + 16 * row, count: some) }
    }
  }
}
