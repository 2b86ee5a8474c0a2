import Foundation
import NumericTypes
import Tensors
import Testing

/// Attention against its definition with whole matrices, in Double.
@Suite struct AttentionTests {
  let one = Context(threads: 1)
  let two = Context(threads: 2)
  let twin = Context(threads: 1, kernels: .reference)

  struct Shape4: Sendable, CustomStringConvertible {
    var batch = 1
    var queries: Int
    var keys: Int
    var heads = 2
    var kvHeads = 2
    var depth = 16
    var width = 16
    var isCausal = true
    var window: Int?
    /// The lengths of documents, the same in each sequence but for their order.
    var documents: [Int]?
    var scale = 0.25

    var description: String {
      "\(batch)×\(queries)×\(keys) heads \(heads)/\(kvHeads) d \(depth) e \(width) causal \(isCausal) "
        + "window \(window ?? 0) documents \(documents ?? [])"
    }

    /// For each sequence the start of each position's document.
    var starts: [[Int]]? {
      documents.map { lengths in
        (0..<batch).map { index in
          var starts: [Int] = []
          for length in index % 2 == 0 ? lengths : lengths.reversed() {
            starts += [Int](repeating: starts.count, count: length)
          }
          return starts
        }
      }
    }

    func sees(_ sequence: Int, _ query: Int, _ key: Int) -> Bool {
      let position = query + keys - queries
      if isCausal, key > position { return false }
      if let window, abs(key - position) >= window { return false }
      if let starts, starts[sequence][query] != starts[sequence][key] { return false }
      return true
    }
  }

  static let shapes: [Shape4] = [
    Shape4(queries: 1, keys: 1), Shape4(queries: 2, keys: 2, depth: 3, width: 5),
    Shape4(batch: 2, queries: 17, keys: 17, heads: 6, kvHeads: 2),
    Shape4(queries: 65, keys: 65, depth: 64, width: 64),
    Shape4(queries: 130, keys: 130, heads: 3, kvHeads: 1, depth: 20, width: 12, isCausal: false),
    Shape4(batch: 2, queries: 257, keys: 257, heads: 1, kvHeads: 1, depth: 8, width: 40),
    Shape4(queries: 200, keys: 200, window: 1), Shape4(queries: 200, keys: 200, window: 70),
    Shape4(queries: 150, keys: 150, isCausal: false, window: 33),
    Shape4(queries: 5, keys: 140), Shape4(queries: 140, keys: 5), Shape4(queries: 70, keys: 140, isCausal: false),
    Shape4(queries: 40, keys: 90, window: 17),
    Shape4(batch: 3, queries: 150, keys: 150, heads: 4, kvHeads: 2, documents: [1, 64, 70, 15]),
    Shape4(batch: 2, queries: 150, keys: 150, isCausal: false, documents: [3, 80, 67]),
    Shape4(batch: 2, queries: 150, keys: 150, window: 20, documents: [3, 80, 67]),
    Shape4(queries: 33, keys: 33, heads: 9, kvHeads: 1, depth: 80, width: 80),
  ]

  /// What comes out, and the gradients for `g` at it: all matrices whole.
  static func exact(
    _ s: Shape4, _ q: [Double], _ k: [Double], _ v: [Double], _ g: [Double]
  ) -> (output: [Double], q: [Double], k: [Double], v: [Double]) {
    var output = [Double](repeating: 0, count: s.batch * s.queries * s.heads * s.width)
    var (gq, gk, gv) = (q.map { _ in 0.0 }, k.map { _ in 0.0 }, v.map { _ in 0.0 })
    let group = s.heads / s.kvHeads
    for b in 0..<s.batch {
      for h in 0..<s.heads {
        func qAt(_ row: Int) -> Int { ((b * s.queries + row) * s.heads + h) * s.depth }
        func kAt(_ row: Int) -> Int { ((b * s.keys + row) * s.kvHeads + h / group) * s.depth }
        func vAt(_ row: Int) -> Int { ((b * s.keys + row) * s.kvHeads + h / group) * s.width }
        func oAt(_ row: Int) -> Int { ((b * s.queries + row) * s.heads + h) * s.width }
        for row in 0..<s.queries {
          let seen = (0..<s.keys).filter { s.sees(b, row, $0) }
          if seen.isEmpty { continue }
          let scores = seen.map { key in
            s.scale * (0..<s.depth).reduce(0.0) { $0 + q[qAt(row) + $1] * k[kAt(key) + $1] }
          }
          let top = scores.max() ?? 0
          let powers = scores.map { exp($0 - top) }
          let total = powers.reduce(0, +)
          let weights = powers.map { $0 / total }
          for (key, weight) in zip(seen, weights) {
            for i in 0..<s.width {
              output[oAt(row) + i] += weight * v[vAt(key) + i]
              gv[vAt(key) + i] += weight * g[oAt(row) + i]
            }
          }
          let reached = seen.map { key in
            (0..<s.width).reduce(0.0) { $0 + g[oAt(row) + $1] * v[vAt(key) + $1] }
          }
          let mean = zip(weights, reached).reduce(0.0) { $0 + $1.0 * $1.1 }
          for (index, key) in seen.enumerated() {
            let slope = s.scale * weights[index] * (reached[index] - mean)
            for i in 0..<s.depth {
              gq[qAt(row) + i] += slope * k[kAt(key) + i]
              gk[kAt(key) + i] += slope * q[qAt(row) + i]
            }
          }
        }
      }
    }
    return (output, gq, gk, gv)
  }

  /// The output and the gradients.
  static func run(
    _ s: Shape4, _ inputs: [[Float]], _ context: Context, _ dtype: DType = .f32, amplitude: Double = 1
  ) -> [Tensor] {
    let shapes: [Shape] = [
      [s.batch, s.queries, s.heads, s.depth], [s.batch, s.keys, s.kvHeads, s.depth],
      [s.batch, s.keys, s.kvHeads, s.width], [s.batch, s.queries, s.heads, s.width],
    ]
    let tensors = zip(inputs, shapes).map { context.cast(context.tensor($0, $1), to: dtype) }
    let starts = s.starts.map { starts in
      context.cast(context.tensor(starts.joined().map { Float($0) }, [s.batch, s.queries]), to: .i64)
    }
    let (_, gradients, output) = context.valueAndGradient(of: Array(tensors[..<3])) { parts in
      let output = context.attention(
        parts[0], parts[1], parts[2], isCausal: s.isCausal, window: s.window, starts: starts,
        scale: s.scale * amplitude)
      return (value: context.sum(context.multiply(output, tensors[3])), others: output)
    }
    return [output.detached()] + gradients
  }

  static func inputs(_ s: Shape4, _ numbers: inout Numbers) -> [[Float]] {
    [
      numbers.floats(s.batch * s.queries * s.heads * s.depth), numbers.floats(s.batch * s.keys * s.kvHeads * s.depth),
      numbers.floats(s.batch * s.keys * s.kvHeads * s.width), numbers.floats(s.batch * s.queries * s.heads * s.width),
    ]
  }

  @Test(arguments: shapes) func resultsAndGradientsAreThoseOfTheDefinition(_ s: Shape4) {
    var numbers = Numbers()
    let inputs = Self.inputs(s, &numbers)
    let wide = inputs.map { $0.map(Double.init) }
    let exact = Self.exact(s, wide[0], wide[1], wide[2], wide[3])
    for (dtype, bar) in [(DType.f32, 1e-11), (.f64, 1e-26)] {
      let made = Self.run(s, inputs, one, dtype).map { $0.doubles(one) }
      for (index, expected) in [exact.output, exact.q, exact.k, exact.v].enumerated() {
        let power = expected.reduce(0) { $0 + $1 * $1 }
        let error = zip(made[index], expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        #expect(made[index].count == expected.count)
        // A gradient that is 0 but for rounding has no relative error.
        #expect(error <= bar * max(power, 1), "\(s) \(dtype.displayName) part \(index): \(error) of \(power)")
      }
    }
  }

  @Test(arguments: shapes) func bitsDependNeitherOnThreadsNorOnKernels(_ s: Shape4) {
    var numbers = Numbers()
    let inputs = Self.inputs(s, &numbers)
    let bits = Self.run(s, inputs, one).map { $0.bits(one) }
    for context in [two, twin] {
      #expect(Self.run(s, inputs, context).map { $0.bits(context) } == bits, "\(s)")
    }
  }

  @Test func largeScoresStayFinite() {
    let s = Shape4(queries: 70, keys: 70)
    var numbers = Numbers()
    let inputs = Self.inputs(s, &numbers)
    for tensor in Self.run(s, inputs, one, amplitude: 1e4) {
      let isFinite = tensor.doubles(one).allSatisfy(\.isFinite)
      #expect(isFinite)
    }
  }

  @Test func viewsOfOneProjectionNeedNoCopies() {
    // q, k and v as slices of [B, N, 3, H, d], and the same made whole.
    var numbers = Numbers()
    let (batch, rows, heads, width) = (2, 37, 3, 8)
    let all = numbers.tensor([batch, rows, 3 * heads, width], one)
    func part(_ x: Tensor, _ index: Int) -> Tensor { x.sliced(axis: 2, index * heads..<(index + 1) * heads) }
    func run(_ isCopied: Bool) -> (Tensor, [Tensor]) {
      one.valueAndGradient(of: [all]) { inputs in
        let parts = (0..<3).map { isCopied ? one.copy(part(inputs[0], $0)) : part(inputs[0], $0) }
        return one.sum(one.square(one.attention(parts[0], parts[1], parts[2])))
      }
    }
    let (first, second) = (run(true), run(false))
    #expect(first.0.bits(one) == second.0.bits(one))
    #expect(first.1[0].bits(one) == second.1[0].bits(one))
  }

  @Test func whatAQueryDoesNotSeeHasNoGradient() {
    var numbers = Numbers()
    let context = two
    let (q, k, v) = (
      numbers.tensor([1, 100, 1, 16], context), numbers.tensor([1, 100, 1, 16], context),
      numbers.tensor([1, 100, 1, 16], context)
    )
    let gradients = context.gradient(of: [q, k, v]) { parts in
      let output = context.attention(parts[0], parts[1], parts[2], window: 10)
      return context.sum(context.square(output.sliced(axis: 1, 50..<51)))
    }
    for (index, gradient) in gradients.enumerated() {
      let rows = gradient.doubles(context)
      for row in 0..<100 {
        let isZero = rows[row * 16..<(row + 1) * 16].allSatisfy { $0 == 0 }
        #expect(isZero != (index == 0 ? row == 50 : (41...50).contains(row)), "input \(index), row \(row)")
      }
    }
  }
}
