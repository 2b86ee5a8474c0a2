import Foundation
import NumericTypes
import Tensors
import Testing

/// Recurrent cells against their equations in Double, step by step.
@Suite struct RecurrenceTests {
  let one = Context(threads: 1)
  let two = Context(threads: 2)
  let twin = Context(threads: 1, kernels: .reference)

  struct Sizes: Sendable {
    var (steps, batch, inputs, units) = (0, 0, 0, 0)
    init(_ steps: Int, _ batch: Int, _ inputs: Int, _ units: Int) {
      (self.steps, self.batch, self.inputs, self.units) = (steps, batch, inputs, units)
    }
  }
  static let sizes = [
    Sizes(0, 2, 3, 4), Sizes(1, 1, 1, 1), Sizes(3, 2, 5, 4), Sizes(7, 5, 9, 16), Sizes(20, 3, 33, 70),
    Sizes(12, 16, 64, 129), Sizes(40, 1, 10, 200),
  ]

  static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// The weights, biases and states: x, Wᵢ, Wₕ, bᵢ, bₕ, h and c.
  static func inputs(_ s: Sizes, gates: Int, _ context: Context) -> [Tensor] {
    var numbers = Numbers()
    return [
      numbers.tensor([s.steps, s.batch, s.inputs], context),
      numbers.tensor([gates * s.units, s.inputs], context, scale: 0.4),
      numbers.tensor([gates * s.units, s.units], context, scale: 0.3), numbers.tensor([gates * s.units], context),
      numbers.tensor([gates * s.units], context), numbers.tensor([s.batch, s.units], context),
      numbers.tensor([s.batch, s.units], context),
    ]
  }

  /// The sums before the gates' functions of one row: those of x and those of h.
  static func sums(
    _ s: Sizes, _ p: [[Double]], _ x: ArraySlice<Double>, _ h: [Double], gates: Int
  ) -> (x: [Double], h: [Double]) {
    let rows = 0..<gates * s.units
    return (
      rows.map { row in zip(x, p[1][row * s.inputs..<(row + 1) * s.inputs]).reduce(p[3][row]) { $0 + $1.0 * $1.1 } },
      rows.map { row in zip(h, p[2][row * s.units..<(row + 1) * s.units]).reduce(p[4][row]) { $0 + $1.0 * $1.1 } }
    )
  }

  @Test(arguments: sizes) func longShortTermMemoryFollowsItsEquations(_ s: Sizes) {
    let parts = Self.inputs(s, gates: 4, one)
    let p = parts.map { $0.doubles(one) }
    var expected = [Double](repeating: 0, count: s.steps * s.batch * s.units)
    var (last, cells) = (p[5], p[6])
    for row in 0..<s.batch {
      var h = Array(p[5][row * s.units..<(row + 1) * s.units])
      var c = Array(p[6][row * s.units..<(row + 1) * s.units])
      for step in 0..<s.steps {
        let at = step * s.batch + row
        let (a, b) = Self.sums(s, p, p[0][at * s.inputs..<(at + 1) * s.inputs], h, gates: 4)
        for u in 0..<s.units {
          func gate(_ index: Int) -> Double { a[index * s.units + u] + b[index * s.units + u] }
          c[u] = Self.sigmoid(gate(1)) * c[u] + Self.sigmoid(gate(0)) * tanh(gate(2))
          h[u] = Self.sigmoid(gate(3)) * tanh(c[u])
          expected[at * s.units + u] = h[u]
        }
      }
      last.replaceSubrange(row * s.units..<(row + 1) * s.units, with: h)
      cells.replaceSubrange(row * s.units..<(row + 1) * s.units, with: c)
    }
    for (dtype, bar) in [(DType.f32, 1e-11), (.f64, 1e-26)] {
      let q = parts.map { one.cast($0, to: dtype) }
      let made = one.lstm(
        q[0], inputWeight: q[1], hiddenWeight: q[2], inputBias: q[3], hiddenBias: q[4], state: (q[5], q[6]))
      #expect(made.output.shape == [s.steps, s.batch, s.units])
      #expect(normalizedError(made.output.doubles(one), expected) < bar)
      #expect(normalizedError(made.h.doubles(one), last) < bar)
      #expect(normalizedError(made.c.doubles(one), cells) < bar)
    }
  }

  @Test(arguments: sizes) func gatedUnitsFollowTheirEquations(_ s: Sizes) {
    let parts = Self.inputs(s, gates: 3, one)
    let p = parts.map { $0.doubles(one) }
    var expected = [Double](repeating: 0, count: s.steps * s.batch * s.units)
    var last = p[5]
    for row in 0..<s.batch {
      var h = Array(p[5][row * s.units..<(row + 1) * s.units])
      for step in 0..<s.steps {
        let at = step * s.batch + row
        let (a, b) = Self.sums(s, p, p[0][at * s.inputs..<(at + 1) * s.inputs], h, gates: 3)
        for u in 0..<s.units {
          let r = Self.sigmoid(a[u] + b[u])
          let z = Self.sigmoid(a[s.units + u] + b[s.units + u])
          let n = tanh(a[2 * s.units + u] + r * b[2 * s.units + u])
          h[u] = (1 - z) * n + z * h[u]
          expected[at * s.units + u] = h[u]
        }
      }
      last.replaceSubrange(row * s.units..<(row + 1) * s.units, with: h)
    }
    for (dtype, bar) in [(DType.f32, 1e-11), (.f64, 1e-26)] {
      let q = parts.map { one.cast($0, to: dtype) }
      let made = one.gru(
        q[0], inputWeight: q[1], hiddenWeight: q[2], inputBias: q[3], hiddenBias: q[4], state: q[5])
      #expect(normalizedError(made.output.doubles(one), expected) < bar)
      #expect(normalizedError(made.h.doubles(one), last) < bar)
    }
  }

  /// The results and gradients of both cells.
  static func run(_ s: Sizes, _ context: Context, _ dtype: DType = .f32) -> [Tensor] {
    var made: [Tensor] = []
    for gates in [4, 3] {
      let parts = inputs(s, gates: gates, context).prefix(gates == 4 ? 7 : 6).map { context.cast($0, to: dtype) }
      let (value, gradients) = context.valueAndGradient(of: parts) { p in
        if gates == 3 {
          let made = context.gru(
            p[0], inputWeight: p[1], hiddenWeight: p[2], inputBias: p[3], hiddenBias: p[4], state: p[5])
          return context.add(context.sum(context.square(made.output)), context.sum(made.h))
        }
        let made = context.lstm(
          p[0], inputWeight: p[1], hiddenWeight: p[2], inputBias: p[3], hiddenBias: p[4], state: (p[5], p[6]))
        return context.add(context.sum(context.square(made.output)), context.sum(context.multiply(made.c, made.h)))
      }
      made += [value] + gradients
    }
    return made
  }

  @Test(arguments: sizes) func fusedGradientsAreThoseOfTheComposedCell(_ s: Sizes) {
    // In f64 the cells are composed of operators, whose gradients are checked against differences.
    let (narrow, wide) = (Self.run(s, one), Self.run(s, one, .f64))
    for (index, (a, b)) in zip(narrow, wide).enumerated() {
      let (x, y) = (a.doubles(one), b.doubles(one))
      let power = y.reduce(0) { $0 + $1 * $1 }
      let error = zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      #expect(error <= 1e-10 * power + 1e-12, "part \(index): \(error) of \(power)")
    }
  }

  @Test(arguments: sizes) func bitsDependNeitherOnThreadsNorOnKernels(_ s: Sizes) {
    let bits = Self.run(s, one).map { $0.bits(one) }
    for context in [two, twin] { #expect(Self.run(s, context).map { $0.bits(context) } == bits) }
  }

  @Test func secondDerivativesOfTheFusedCellAreThoseOfTheComposedOne() {
    func second(_ dtype: DType) -> [[Double]] {
      let context = one
      let parts = Self.inputs(Sizes(3, 2, 4, 5), gates: 4, context).prefix(5).map { context.cast($0, to: dtype) }
      return context.gradient(of: parts) { outer in
        let first = context.gradient(of: outer) { p in
          let made = context.lstm(p[0], inputWeight: p[1], hiddenWeight: p[2], inputBias: p[3], hiddenBias: p[4])
          return context.sum(context.square(made.output))
        }
        return first.reduce(context.zeros([], dtype)) { context.add($0, context.sum(context.square($1))) }
      }.map { $0.doubles(context) }
    }
    for (narrow, wide) in zip(second(.f32), second(.f64)) { #expect(normalizedError(narrow, wide) < 1e-9) }
  }
}
