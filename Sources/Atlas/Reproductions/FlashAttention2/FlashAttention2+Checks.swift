import Formats
import Layers
import Mixers
import NumericTypes
import Tensors
import VenturiTesting

extension FlashAttention2 {
  /// The sheet's forward oracle: a part of the suite's cases that takes seconds.
  ///
  /// - Throws: `CancellationError`.
  public func checks(_ conditions: RunConditions) throws -> [Check] {
    let most = conditions.quick ? 300 : 1025
    let context = Context(threads: conditions.threads)
    func agreement(_ name: String, _ shapes: [AttentionShape]) throws -> Check {
      try conditions.next("check: \(name)")
      return try Self.agreement(name, shapes.filter { $0.keys <= most && $0.queries <= most }, context, conditions)
    }
    var checks = [
      try agreement("forward within 1e-5 of Double, causal, N from 1 to \(most)", Self.causal),
      try agreement("windows, full attention and biases within 1e-5 of Double", Self.masked),
      try agreement("Nq ≠ Nk within 1e-5 of Double, the mask aligned to the last key", Self.rectangular),
    ]
    let others: [(String, (Context, Int) throws -> (passed: Bool, detail: String))] = [
      ("packed sequences of different lengths equal each alone", Self.packing),
      ("rows that see no key are 0 with LSE -∞", Self.blindRows),
      ("logits of ±1e4 stay finite and within 1e-2 of Double", Self.hugeLogits),
      ("the same bits on 1 and on 2 threads, and from the cache in any chunks", Self.determinism),
      ("shapes that do not fit throw, and heads that do not divide", Self.refusals),
    ]
    for (name, body) in others {
      try conditions.next("check: \(name)")
      checks.append(try Check(name) { try body(context, most) })
    }
    return checks
  }

  private static let groups = [(2, 2), (3, 1), (9, 1)]
  private static let widths = [16, 64, 80, 128]

  /// Lengths around the blocks of every kernel, with each group and width in turn.
  private static let causal: [AttentionShape] = {
    let lengths = [1, 2, 7, 15, 16, 17, 31, 33, 63, 65, 127, 129, 191, 193, 255, 256, 257, 300, 511, 513, 1025]
    return lengths.enumerated().flatMap { turn, n in
      // Long ones are slow in Double: one each.
      (0..<(n > 300 ? 1 : 3)).map { step in
        let (heads, kvHeads) = n > 600 ? (3, 1) : groups[(turn + step) % 3]
        return AttentionShape(n, heads: heads, kvHeads: kvHeads, headDim: widths[(turn + step) % 4])
      }
    }
  }()

  private static let masked: [AttentionShape] = {
    let masks = [AttentionMask.none, AttentionMask(left: 20, right: 5), .sliding(40), .causal]
    return [1, 17, 49, 100, 257, 300, 513].enumerated().flatMap { turn, n in
      masks.enumerated().map { index, mask in
        let (heads, kvHeads) = groups[(turn + index) % 3]
        return AttentionShape(
          n, heads: heads, kvHeads: kvHeads, headDim: widths[(turn + index) % 4], mask: mask,
          biased: mask == .causal || index == turn % 4)
      }
    }
  }()

  private static let rectangular: [AttentionShape] = {
    let sizes = [(1, 300), (5, 513), (40, 41), (257, 300), (30, 3), (300, 5), (2, 257), (8, 1025)]
    return sizes.enumerated().flatMap { turn, size in
      [AttentionMask.causal, .sliding(40)].map { mask in
        let (heads, kvHeads) = groups[turn % 3]
        return AttentionShape(
          size.1, queries: size.0, heads: heads, kvHeads: kvHeads, headDim: widths[(turn + 1) % 4], mask: mask)
      }
    }
  }()

  private static func agreement(
    _ name: String, _ shapes: [AttentionShape], _ context: Context, _ conditions: RunConditions
  ) throws -> Check {
    try Check(name) {
      var worst = (error: 0.0, shape: "")
      for (seed, shape) in shapes.enumerated() {
        if conditions.isCancelled() { throw CancellationError() }
        let s = shape.inputs(seed: UInt64(seed))
        let error = AttentionShape.error(try shape.forward([s], context), shape.oracle(q: s.q, k: s.k, v: s.v))
        if error >= worst.error { worst = (error, shape.description) }
      }
      return (
        worst.error <= 1e-5 && shapes.count >= 10,
        "\(shapes.count) cases, largest error \(scientific(worst.error)) at \(worst.shape)"
      )
    }
  }

  private static func packing(_ context: Context, _ most: Int) throws -> (passed: Bool, detail: String) {
    let lengths = [(3, 3), (1, 300), (0, 5), (257, 257), (7, 2), (4, 0), (64, 100)]
    for mask in [AttentionMask.causal, .sliding(40), .none] {
      let parts = lengths.map { AttentionShape($1, queries: $0, heads: 6, kvHeads: 2, headDim: 16, mask: mask) }
      let inputs = parts.enumerated().map { $1.inputs(seed: UInt64($0)) }
      let (o, lse) = try AttentionShape.packed(parts, inputs, context)
      let alone = try zip(parts, inputs).map { try $0.forward([$1], context) }
      if o != alone.flatMap(\.o) || lse != alone.flatMap(\.lse) { return (false, "other bits under \(mask)") }
    }
    return (true, "\(lengths.count) sequences under three masks, bit for bit")
  }

  private static func blindRows(_ context: Context, _ most: Int) throws -> (passed: Bool, detail: String) {
    let shape = AttentionShape(5, queries: 40, heads: 3, kvHeads: 1, headDim: 64)
    let (o, lse) = try shape.forward([shape.inputs(seed: 1)], context)
    let blind = shape.queries - shape.keys
    let width = shape.widths[0]
    let holds =
      o.prefix(blind * width).allSatisfy { $0 == 0 } && lse.prefix(blind * shape.heads).allSatisfy { $0 == -.infinity }
      && lse.dropFirst(blind * shape.heads).allSatisfy(\.isFinite) && o.allSatisfy(\.isFinite)
    return (holds, "\(blind) of \(shape.queries) rows")
  }

  private static func hugeLogits(_ context: Context, _ most: Int) throws -> (passed: Bool, detail: String) {
    let shape = AttentionShape(300, heads: 3, kvHeads: 1, headDim: 64)
    let s = shape.inputs(seed: 4, amplitude: 70)
    var (worst, largest) = (0.0, 0.0)
    for sign: Float in [1, -1] {
      let (q, k) = (s.q.map { abs($0) * 3 }, s.k.map { abs($0) * sign })
      let found = try shape.forward([(q, k, s.v)], context)
      let exact = shape.oracle(q: q, k: k, v: s.v)
      guard found.o.allSatisfy(\.isFinite), found.lse.allSatisfy(\.isFinite) else { return (false, "not finite") }
      largest = max(largest, exact.lse.map(abs).max() ?? 0)
      worst = max(worst, NaiveAttention.relativeError(found.o, exact.o))
    }
    return (worst <= 1e-2 && largest > 1e4, "logits up to \(Int(largest)), error \(scientific(worst))")
  }

  private static func determinism(_ context: Context, _ most: Int) throws -> (passed: Bool, detail: String) {
    let (one, two) = (Context(threads: 1), Context(threads: 2))
    for tokens in [17, 257, min(most, 600)] {
      let shape = AttentionShape(tokens, heads: 9, kvHeads: 3, headDim: 64)
      let s = shape.inputs(seed: UInt64(tokens))
      let (a, b) = (try shape.forward([s], one), try shape.forward([s], two))
      if a.o != b.o || a.lse != b.lse { return (false, "other bits at N = \(tokens)") }
    }
    let violations = try AttentionShape(min(most, 600), heads: 9, kvHeads: 3, headDim: 64).laws(.f32).violations()
    return (violations.isEmpty, violations.first ?? "all laws of sequences hold")
  }

  private static func refusals(_ context: Context, _ most: Int) throws -> (passed: Bool, detail: String) {
    let core = try DenseAttention(heads: 4, kvHeads: 2, headDim: 16)
    func shaped(_ shape: Shape) -> Tensor { context.empty(shape) }
    let (q, kv) = (shaped([2, 4, 5, 16]), shaped([2, 2, 9, 16]))
    let wrong = [
      (shaped([2, 3, 5, 16]), kv, kv), (shaped([2, 4, 5, 8]), kv, kv), (shaped([4, 5, 16]), kv, kv),
      (q, shaped([1, 2, 9, 16]), kv), (q, kv, shaped([2, 2, 8, 16])), (q, kv, shaped([2, 2, 9, 32])),
    ]
    func throwsMixerError(_ body: () throws -> Void) -> Bool {
      do {
        try body()
        return false
      } catch { return error is MixerError }
    }
    let refused = wrong.count { q, k, v in
      throwsMixerError { _ = try core.forward(q: q, k: k, v: v, context: context) }
    }
    let heads = throwsMixerError { _ = try DenseAttention(heads: 4, kvHeads: 3, headDim: 64) }
    return (refused == wrong.count && heads, "\(refused) of \(wrong.count) shapes")
  }
}
