import CVenturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The way forward of ``BlockAttention`` over addresses.
struct ForwardAttention {
  let extents: AttentionExtents
  let kernels: UnsafePointer<vt_gemm_kernels>
  let functions: UnsafePointer<vt_elementwise_kernels>
  let places: AttentionPlaces
  let q: AttentionOperand
  let k: AttentionOperand
  let v: AttentionOperand
  /// [B · K][panel][d][16].
  let keys: UnsafeMutablePointer<Float>
  /// [B · K][panel][M][16].
  let values: UnsafeMutablePointer<Float>
  let output: UnsafeMutablePointer<Float>
  /// The logarithms of the softmaxes' sums, [B, H, N].
  let sums: UnsafeMutablePointer<Float>
  let scratch: UnsafeMutablePointer<Float>

  /// Lays out the keys and values of a kv head.
  func pack(_ item: Int) {
    let e = extents
    let (sequence, head) = item.quotientAndRemainder(dividingBy: e.kvHeads)
    let (toKeys, toValues) = (keys + item * e.keyPanels * e.depth * 16, values + item * valuePanels * e.keys * 16)
    for panel in 0..<e.keyPanels {
      kernels.pointee.pack_transposed_f32(
        Int32(min(16, e.keys - 16 * panel)), Int32(e.depth), k(sequence, 16 * panel, head), Int64(k.row),
        toKeys + panel * e.depth * 16)
    }
    for panel in 0..<valuePanels {
      kernels.pointee.pack_f32(
        Int32(min(16, e.width - 16 * panel)), Int32(e.keys), v(sequence, 0, head) + 16 * panel, Int64(v.row),
        toValues + panel * e.keys * 16)
    }
  }

  private var valuePanels: Int { (extents.width + 15) / 16 }

  /// A block of queries of a head over all keys that they see.
  func attend(_ item: Int, _ worker: Int) {
    let (e, table) = (extents, functions.pointee)
    let blocks = (e.queries + BlockAttention.queryRows - 1) / BlockAttention.queryRows
    let (index, block) = item.quotientAndRemainder(dividingBy: blocks)
    let (sequence, head) = index.quotientAndRemainder(dividingBy: e.heads)
    let first = block * BlockAttention.queryRows
    let count = min(BlockAttention.queryRows, e.queries - first)
    let low = places.firstKey + sequence * places.queryStride + first
    let high = places.endKey + sequence * places.queryStride + first
    let page = BlockAttention.pageKeys
    let scores = scratch + worker * BlockAttention.queryRows * (page + 2)
    let largest = scores + BlockAttention.queryRows * page
    let totals = largest + BlockAttention.queryRows
    largest.update(repeating: -.infinity, count: count)
    totals.update(repeating: 0, count: count)
    let kvHead = sequence * e.kvHeads + head / e.group
    let (keys, values) = (keys + kvHead * e.keyPanels * e.depth * 16, values + kvHead * valuePanels * e.keys * 16)
    let out = output + ((sequence * e.queries + first) * e.heads + head) * e.width
    let apart = e.heads * e.width
    let scale = Float(e.scale)
    var (start, isFirst) = (Int(low[0]) & ~15, true)
    let end = Int(high[count - 1])
    while start < end {
      let stop = min(end, (start / page + 1) * page)
      let columns = stop - start
      kernels.pointee.block_f32(
        Int32(count), Int32(e.depth), q(sequence, first, head), Int64(q.row), keys + start * e.depth,
        Int64(e.depth * 16), scores, Int64(page), Int32(columns), 0)
      for row in 0..<count {
        let weights = scores + row * page
        let (from, to) = (max(Int(low[row]), start) - start, min(Int(high[row]), stop) - start)
        if from >= to {
          weights.update(repeating: 0, count: columns)
          continue
        }
        if from > 0 { weights.update(repeating: 0, count: from) }
        if to < columns { (weights + to).update(repeating: 0, count: columns - to) }
        let before = largest[row]
        var top = table.max_f32(Int64(to - from), weights + from) * scale
        if top < before { top = before }
        table.exp_shifted_f32(Int64(to - from), weights + from, scale, &top, 0, weights + from)
        let total = table.sum_f32(Int64(to - from), weights + from)
        if top == before {
          totals[row] += total
          continue
        }
        let shrink = exp(before - top)
        totals[row] = totals[row] * shrink + total
        largest[row] = top
        if !isFirst { scaleRow(out + row * apart, shrink) }
      }
      kernels.pointee.block_f32(
        Int32(count), Int32(columns), scores, Int64(page), values + start * 16, Int64(e.keys * 16), out, Int64(apart),
        Int32(e.width), isFirst ? 0 : 1)
      (start, isFirst) = (stop, false)
    }
    let logarithms = sums + (sequence * e.heads + head) * e.queries + first
    for row in 0..<count {
      logarithms[row] = largest[row] + log(totals[row])
      if low[row] < high[row] {
        scaleRow(out + row * apart, 1 / totals[row])
      } else {
        (out + row * apart).update(repeating: 0, count: e.width)
      }
    }
  }

  private func scaleRow(_ row: UnsafeMutablePointer<Float>, _ factor: Float) {
    withUnsafePointer(to: factor) {
      functions.pointee.binary_f32(VT_OP_MULTIPLY, Int64(extents.width), row, 1, $0, 0, row)
    }
  }
}
