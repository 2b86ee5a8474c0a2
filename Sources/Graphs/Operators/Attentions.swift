import Formats
import NumericTypes
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Attention as one operator, and rotation by positions.
extension OperatorLibrary {
  static let attentions: [GraphOperator] = [
    GraphOperator("Attention", inputs: 3...7, outputs: 4) { node in
      let isCausal = try node.flag("is_causal", false)
      let (queryHeads, keyHeads) = (try node.int("q_num_heads"), try node.int("kv_num_heads"))
      let (scale, softcap) = (try node.float("scale"), Double(try node.float("softcap", 0)))
      let mode = try node.int("qk_matmul_output_mode", 0)
      guard (0...3).contains(mode) else { throw Refusal("an output mode of \(mode)") }
      return { call in
        try call.attention(
          isCausal: isCausal, queryHeads: queryHeads.map { Int($0) }, keyHeads: keyHeads.map { Int($0) },
          scale: scale.map { Double($0) }, softcap: softcap, mode: mode)
      }
    },
    GraphOperator.one("RotaryEmbedding", 3...4) { node in
      let isInterleaved = try node.flag("interleaved", false)
      let (turned, heads) = (Int(try node.int("rotary_embedding_dim", 0)), Int(try node.int("num_heads", 0)))
      return { call in
        let x = try call.tensor(0)
        try x.expect("floating-point numbers", \.isFloat)
        // [B, N, heads, size], whichever way it comes.
        let rows: GraphTensor
        if x.rank == 4 {
          rows = try call.transposed(x, [0, 2, 1, 3])
        } else {
          guard x.rank == 3, heads > 0, heads <= x.shape[2], x.shape[2].isMultiple(of: heads) else {
            throw Refusal("\(heads) heads of \(x.shape)")
          }
          rows = x.reshaped([x.shape[0], x.shape[1], heads, x.shape[2] / heads])
        }
        let (batch, length, count, size) = (rows.shape[0], rows.shape[1], rows.shape[2], rows.shape[3])
        let width = turned == 0 ? size : turned
        guard width > 0, width <= size, width.isMultiple(of: 2) else {
          throw Refusal("\(width) of \(size) numbers turned")
        }
        let half = width / 2
        let (cosines, sines) = (try call.tensor(1), try call.tensor(2))
        let positions = try call.optional(3)
        let tableRows: [Int]
        if let positions {
          guard positions.shape == [batch, length], cosines.rank == 2, cosines.shape[1] == half,
            sines.shape == cosines.shape
          else { throw Refusal("positions \(positions.shape), table \(cosines.shape)") }
          tableRows = try call.positions(positions, extent: cosines.shape[0])
        } else {
          guard cosines.shape == [batch, length, half], sines.shape == cosines.shape else {
            throw Refusal("table \(cosines.shape)")
          }
          tableRows = Array(0..<batch * length)
        }
        let (c, s) = (cosines.values(Double.self), sines.values(Double.self))
        var values = rows.values(Double.self)
        for row in 0..<batch * length {
          for head in 0..<count {
            let start = (row * count + head) * size
            for i in 0..<half {
              let (p, q) = isInterleaved ? (start + 2 * i, start + 2 * i + 1) : (start + i, start + half + i)
              let (a, b, place) = (values[p], values[q], tableRows[row] * half + i)
              values[p] = c[place] * a - s[place] * b
              values[q] = s[place] * a + c[place] * b
            }
          }
        }
        let result = try call.make(x.type, rows.shape, values)
        return x.rank == 4 ? try call.transposed(result, [0, 2, 1, 3]) : result.reshaped(x.shape)
      }
    },
  ]
}

extension GraphCall {
  /// [B, N, heads · size] or [B, heads, N, size] as the latter.
  private func heads(_ x: GraphTensor, _ count: Int?) throws -> GraphTensor {
    try x.expect("floating-point numbers", \.isFloat)
    if x.rank == 4 { return x }
    guard x.rank == 3, let count, count > 0, count <= x.shape[2], x.shape[2].isMultiple(of: count) else {
      throw Refusal("\(count ?? 0) heads of \(x.shape)")
    }
    return try transposed(x.reshaped([x.shape[0], x.shape[1], count, x.shape[2] / count]), [0, 2, 1, 3])
  }

  func attention(
    isCausal: Bool, queryHeads: Int?, keyHeads: Int?, scale: Double?, softcap: Double, mode: Int64
  ) throws -> [GraphValue?] {
    let query = try tensor(0)
    let q = try heads(query, queryHeads)
    var (k, v) = (try heads(tensor(1), keyHeads), try heads(tensor(2), keyHeads))
    let past = try optional(4)
    if let past { k = try concatenated([past, k], axis: 2) }
    if let past = try optional(5) { v = try concatenated([past, v], axis: 2) }
    let (present, presentValues) = (k, v)
    let (batch, count, length, size) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    let total = k.shape[2]
    guard k.shape[0] == batch, v.shape[0] == batch, v.shape[1] == k.shape[1], v.shape[2] == total, k.shape[3] == size,
      k.shape[1] > 0, count.isMultiple(of: k.shape[1])
    else { throw Refusal("queries \(q.shape), keys \(k.shape), values \(v.shape)") }
    let scores = [batch, count, length, total]
    try reserve(bytesEach: 24, scores)
    let bias = try attentionBias(scores, isCausal: isCausal, past: past?.shape[2] ?? 0)
    // Each key head serves several query heads in a row.
    if k.shape[1] != count {
      let times = count / k.shape[1]
      func repeated(_ x: GraphTensor) throws -> GraphTensor {
        try expanded(
          x.reshaped([batch, x.shape[1], 1, total, x.shape[3]]), to: [batch, x.shape[1], times, total, x.shape[3]]
        ).reshaped([batch, count, total, x.shape[3]])
      }
      (k, v) = (try repeated(k), try repeated(v))
    }
    let products = wrap(context.matmul(try engine(q), try engine(k).transposed())).values(Float.self)
    let factor = Float(scale ?? 1 / Double(size).squareRoot())
    var values = products.map { $0 * factor }
    var shown = values
    if let bias { for i in values.indices { values[i] += bias[i] } }
    if mode == 1 { shown = values }
    if softcap > 0 { for i in values.indices { values[i] = Float(softcap * tanh(Double(values[i]) / softcap)) } }
    if mode == 2 { shown = values }
    for row in 0..<(total == 0 ? 0 : values.count / total) {
      let range = row * total..<(row + 1) * total
      let top = values[range].max() ?? 0
      var sum: Float = 0
      for i in range {
        values[i] = expf(values[i] - top)
        sum += values[i]
      }
      for i in range { values[i] /= sum }
    }
    if mode == 3 { shown = values }
    let shares = try make(.float32, scores, values)
    var y = try convert(wrap(context.matmul(try engine(shares), try engine(v))), to: query.type)
    if query.rank == 3 { y = try transposed(y, [0, 2, 1, 3]).reshaped([batch, length, count * v.shape[3]]) }
    return [.tensor(y), .tensor(present), .tensor(presentValues), .tensor(try make(query.type, scores, shown))]
  }

  /// What is added to the scores: the mask, what lies ahead, and what is only padding.
  private func attentionBias(_ scores: [Int], isCausal: Bool, past: Int) throws -> [Float]? {
    let mask = try optional(3)
    let lengths = try optionalInts(6)
    guard mask != nil || lengths != nil || isCausal else { return nil }
    let (length, total) = (scores[2], scores[3])
    var bias = [Float](repeating: 0, count: Axes.product(scores))
    if var mask {
      guard let width = mask.shape.last, width <= total else { throw Refusal("a mask of \(mask.shape) for \(scores)") }
      let isTruth = mask.type == .bool
      if width < total {
        // Keys that the mask does not name are not seen.
        let fill = try isTruth ? make([], [false]) : make(mask.type, [], [-Double.infinity])
        mask = try padded(
          mask, [(Int, Int)](repeating: (0, 0), count: mask.rank - 1) + [(0, total - width)], mode: "constant",
          fill: fill)
      }
      guard try Axes.broadcast(mask.shape, scores) == scores else {
        throw Refusal("a mask of \(mask.shape) for \(scores)")
      }
      let values = try expanded(mask, to: scores).values(Float.self)
      for i in bias.indices { bias[i] = isTruth ? (values[i] == 0 ? -.infinity : 0) : values[i] }
    }
    if let lengths, lengths.count != scores[0] { throw Refusal("\(lengths.count) lengths for \(scores[0]) sequences") }
    for i in bias.indices {
      let (key, row) = (i % total, i / total % length)
      if isCausal, key > row + past { bias[i] = -.infinity }
      if let lengths, key >= lengths[i / (total * length * scores[1])] { bias[i] = -.infinity }
    }
    return bias
  }
}
