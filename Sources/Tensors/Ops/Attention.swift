import Costs
import NumericTypes

extension Context {
  /// Attention of queries [B, N, H, d] over keys [B, M, K, d] and values [B, M, K, e] → [B, N, H, e], with a gradient:
  /// softmax(scale · q kᵀ) v for each head. Query head h reads kv head h / (H / K).
  ///
  /// There is never a matrix of N × M (Dao: FlashAttention-2, 2023): forward keeps the result and one number for each query
  /// and head, the logarithm of its softmax's sum, and the way back makes the weights again block by block. A derivative
  /// of higher order is composed of operators and has such matrices. A query that sees no key gives 0. Each row's bits
  /// depend on the shapes, the mask and what the row reads alone, not on threads.
  ///
  /// - Parameters:
  ///   - q: the queries.
  ///   - k: the keys.
  ///   - v: the values.
  ///   - isCausal: whether a query sees no key behind its own position; the last query stands beside the last key.
  ///   - window: the distance from which on keys are not seen, before a query and (where not causal) behind it; a causal query
  ///     sees as many keys.
  ///   - starts: [B, N] of i32 or i64, for documents packed into one sequence: for each position that of its document's
  ///     first token. Only the own document is seen. Never decreasing, and at most the position itself.
  ///   - scale: 1 / √d by default.
  /// - Precondition: one floating-point type; K divides H; with `starts` M is N; `window` and `scale` are above 0.
  /// - Returns: f64 for f64, else f32.
  public func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, isCausal: Bool = true, window: Int? = nil, starts: Tensor? = nil,
    scale: Double? = nil
  ) -> Tensor {
    let lane: DType = q.dtype == .f64 ? .f64 : .f32
    let extents = AttentionExtents(q, k, v, isCausal: isCausal, window: window, starts: starts, scale: scale)
    return attention([q, k, v].map { attentionOperand(cast($0, to: lane)) }, extents, starts) { [$0] }
  }

  /// ``attention(_:_:_:isCausal:window:starts:scale:)`` of the heads of one projection [B, N, H + 2 K, d]: H of queries, K of
  /// keys and K of values, whose gradient is made as a whole.
  ///
  /// - Precondition: as there; there are H + 2 K heads.
  public func attention(
    packed x: Tensor, heads: Int, kvHeads: Int, isCausal: Bool = true, window: Int? = nil, starts: Tensor? = nil,
    scale: Double? = nil
  ) -> Tensor {
    precondition(
      x.shape.rank == 4 && heads > 0 && kvHeads > 0 && x.shape[2] == heads + 2 * kvHeads,
      "\(heads) and twice \(kvHeads) heads of \(x.shape)")
    let whole = attentionOperand(cast(x, to: x.dtype == .f64 ? .f64 : .f32))
    func parts(_ x: Tensor) -> [Tensor] {
      [0..<heads, heads..<heads + kvHeads, heads + kvHeads..<heads + 2 * kvHeads].map { x.sliced(axis: 2, $0) }
    }
    let views = parts(whole.detached())
    let extents = AttentionExtents(
      views[0], views[1], views[2], isCausal: isCausal, window: window, starts: starts, scale: scale)
    return attention([whole], extents, starts, parts)
  }

  /// Attention of what `parts` makes of the inputs, which are one, or queries, keys and values.
  private func attention(
    _ inputs: [Tensor], _ extents: AttentionExtents, _ starts: Tensor?, _ split: @escaping (Tensor) -> [Tensor]
  ) -> Tensor {
    func parts(_ tensors: [Tensor]) -> [Tensor] { tensors.count == 1 ? split(tensors[0]) : tensors }
    let seen = AttentionVisibility(extents, starts, self)
    guard inputs.contains(where: \.isTracked) else { return attended(parts(inputs), extents, seen).output }
    var sums: Tensor?
    return differentiable(inputs, keepingOutput: true) {
      let (output, logarithms) = attended(parts(inputs.map { $0.detached() }), extents, seen)
      sums = logarithms
      return output
    } backward: { call in
      guard let sums else { preconditionFailure("attention without its sums") }
      let context = call.context
      if call.isRecorded {
        let found = context.composedAttentionGradients(parts(inputs), call.gradient, extents, seen)
        return inputs.count == 1 ? [context.concatenate(found.compactMap { $0 }, axis: 2)] : found
      }
      let gradient = context.contiguous(call.gradient)
      if extents.hasNothing { return inputs.map { context.zeros($0.shape, $0.dtype) } }
      let made = inputs.map { context.empty($0.shape, $0.dtype) }
      context.makeAttentionGradients(
        parts(inputs.map { $0.detached() }), call.output, sums, gradient, parts(made), extents, seen)
      return made.enumerated().map { call.wants($0.offset) ? $0.element : nil }
    }
  }

  /// The tensor itself where heads lie without gaps within.
  private func attentionOperand(_ x: Tensor) -> Tensor { x.strides[3] == 1 ? x : copy(x) }

  private func attended(
    _ parts: [Tensor], _ extents: AttentionExtents, _ seen: AttentionVisibility
  ) -> (output: Tensor, sums: Tensor) {
    let dtype = parts[0].dtype
    let output = empty([extents.batch, extents.queries, extents.heads, extents.width], dtype)
    let sums = empty([extents.batch, extents.heads, extents.queries], dtype)
    if output.count == 0 { return (output, sums) }
    if dtype == .f64 {
      PlainAttention(parts, extents, seen).forward(output, sums, self)
    } else {
      BlockAttention(parts, extents, seen, self).forward(output, sums, self)
    }
    return (output, sums)
  }

  private func makeAttentionGradients(
    _ parts: [Tensor], _ output: Tensor, _ sums: Tensor, _ gradient: Tensor, _ made: [Tensor],
    _ extents: AttentionExtents, _ seen: AttentionVisibility
  ) {
    if output.dtype == .f64 {
      PlainAttention(parts, extents, seen).backward(output, sums, gradient, to: made, self)
    } else {
      BlockAttention(parts, extents, seen, self).backward(output, sums, gradient, to: made, self)
    }
  }

  /// The gradients of q, k and v by operators on whole matrices of weights.
  private func composedAttentionGradients(
    _ parts: [Tensor], _ gradient: Tensor, _ extents: AttentionExtents, _ seen: AttentionVisibility
  ) -> [Tensor?] {
    /// [B, L, heads, x] → [B, K, G, L, x].
    func byHead(_ x: Tensor) -> Tensor {
      let group = x.shape[2] / extents.kvHeads
      return contiguous(x).reshaped([x.shape[0], x.shape[1], extents.kvHeads, group, x.shape[3]])
        .transposed(1, 2).transposed(2, 3)
    }
    func back(_ x: Tensor, _ like: Tensor) -> Tensor {
      contiguous(x.transposed(2, 3).transposed(1, 2)).reshaped(like.shape)
    }
    let (q, k, v, g) = (byHead(parts[0]), byHead(parts[1]), byHead(parts[2]), byHead(gradient))
    let mask = seen.mask(q.dtype, self)
    let scores = add(multiply(matmul(q, k.transposed()), extents.scale), multiply(subtract(mask, 1), 1e30))
    let weights = multiply(softmax(scores), mask)
    let reached = matmul(g, v.transposed())
    let mean = sum(multiply(reached, weights), axis: -1, keepingAxis: true)
    let slopes = multiply(multiply(weights, subtract(reached, mean)), extents.scale)
    let (kGradient, vGradient) = (matmul(slopes.transposed(), q), matmul(weights.transposed(), g))
    return [
      back(matmul(slopes, k), parts[0]), back(sum(kGradient, axis: 2, keepingAxis: true), parts[1]),
      back(sum(vGradient, axis: 2, keepingAxis: true), parts[2]),
    ]
  }
}

/// The extents of an attention, and which keys its queries see.
struct AttentionExtents: Sendable {
  let batch: Int
  /// N.
  let queries: Int
  /// M.
  let keys: Int
  let heads: Int
  let kvHeads: Int
  /// d, of queries and keys.
  let depth: Int
  /// e, of values.
  let width: Int
  let isCausal: Bool
  let window: Int?
  let scale: Double

  init(_ q: Tensor, _ k: Tensor, _ v: Tensor, isCausal: Bool, window: Int?, starts: Tensor?, scale: Double?) {
    precondition(
      q.shape.rank == 4 && k.shape.rank == 4 && v.shape.rank == 4 && q.dtype.isFloatingPoint && q.dtype == k.dtype
        && q.dtype == v.dtype && q.shape[0] == k.shape[0] && k.shape[3] == q.shape[3]
        && v.shape.dimensions.dropLast() == k.shape.dimensions.dropLast() && k.shape[2] > 0
        && q.shape[2].isMultiple(of: k.shape[2]) && q.shape[3] > 0,
      "attention: \(q.dtype.displayName) \(q.shape) over \(k.dtype.displayName) \(k.shape), \(v.dtype.displayName) \(v.shape)"
    )
    precondition(window.map { $0 > 0 } ?? true, "an attention window of \(window ?? 0) keys")
    if let starts {
      precondition(
        k.shape[1] == q.shape[1] && starts.shape == [q.shape[0], q.shape[1]] && !starts.dtype.isFloatingPoint,
        "documents at \(starts.dtype.displayName) \(starts.shape) in \(q.shape) over \(k.shape)")
    }
    (batch, queries, heads, depth) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3])
    (keys, kvHeads, width) = (k.shape[1], k.shape[2], v.shape[3])
    self.isCausal = isCausal
    self.window = window.map { min($0, q.shape[1] + k.shape[1]) }
    self.scale = scale ?? 1 / Double(depth).squareRoot()
    precondition(self.scale > 0 && self.scale.isFinite, "attention scores scaled by \(self.scale)")
  }

  /// Query heads that share a kv head.
  var group: Int { heads / kvHeads }

  /// Whether there is nothing to sum.
  var hasNothing: Bool { batch == 0 || queries == 0 || keys == 0 || heads == 0 || width == 0 }

  /// What the way forward computes; half of it where causal.
  func cost(products: Double, passes: Double) -> OperationCost {
    let seen = Double(min(keys, window ?? keys))
    let pairs = Double(batch * heads) * Double(queries) * seen * (isCausal && window == nil ? 0.5 : 1)
    let rows = 4 * Double(batch)
    let kept = rows * Double(queries * heads * (depth + width))
    let read = rows * Double(keys * kvHeads * (depth + width))
    return OperationCost(
      flops: products * pairs * Double(depth + width), bytesRead: passes * (kept + read), bytesWritten: passes * kept)
  }
}
