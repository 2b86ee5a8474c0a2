import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("Gradients of adapters")
struct AdapterGradientTests {
  /// Extents of a case: rows, inputs, outputs, rank.
  private static func sizes(_ random: inout Random) -> (n: Int, i: Int, o: Int, r: Int) {
    (random.integer(1...4), random.integer(2...6), random.integer(2...6), random.integer(1...2))
  }

  private static var laws: [GradientLaw] {
    [
      GradientLaw("LoRA") { random in
        let (n, i, o, r) = sizes(&random)
        return GradientCase([[n, o], [n, i], [r, i], [o, r]], &random) {
          LoRAMethod.output($0[0], of: $0[1], a: $0[2], b: $0[3], scale: 1.5, $1)
        }
      },
      GradientLaw("DoRA, exact") { random in
        let (n, i, o, r) = sizes(&random)
        let weight = random.floats(o * i)
        return GradientCase([[n, o], [n, i], [r, i], [o, r], [o]], in: -1...1, &random) { inputs, context in
          let frozen = context.cast(context.tensor(weight.map { 3 * $0 + 4 }, [o, i]), to: inputs[0].dtype)
          return DoRAMethod.output(
            inputs[0], of: inputs[1], weight: frozen, squares: context.sum(context.square(frozen), axis: 1),
            a: inputs[2], b: inputs[3], magnitude: inputs[4], scale: 0.5, isExact: true, context)
        }
      },
      GradientLaw("VeRA") { random in
        let (n, i, o, r) = sizes(&random)
        let (a, b) = (random.floats(r * i), random.floats(o * r))
        return GradientCase([[n, o], [n, i], [r], [o]], &random) { inputs, context in
          let dtype = inputs[0].dtype
          return VeRAMethod.output(
            inputs[0], of: inputs[1], a: context.cast(context.tensor(a, [r, i]), to: dtype),
            b: context.cast(context.tensor(b, [o, r]), to: dtype), scales: inputs[2], outs: inputs[3], context)
        }
      },
      GradientLaw("AdaLoRA") { random in
        let (n, i, o, r) = sizes(&random)
        return GradientCase([[n, o], [n, i], [o, r], [r], [r, i]], &random) {
          AdaLoRAMethod.output($0[0], of: $0[1], left: $0[2], values: $0[3], right: $0[4], scale: 2, $1)
        }
      },
      GradientLaw("AdaLoRA's penalty") { random in
        let (_, i, o, r) = sizes(&random)
        return GradientCase([[o, r], [r, i]], &random) { AdaLoRAMethod.penalty(left: $0[0], right: $0[1], $1) }
      },
    ]
  }

  @Test("Gradients are those of differences in Double", arguments: 0..<5)
  func law(index: Int) { #expect(Self.laws[index].violations() == []) }

  /// m ⊙ (W + s B A) / ‖W + s B A‖ row by row, in Double.
  private static func weight(
    _ w: [Double], _ a: [Double], _ b: [Double], _ m: [Double], scale: Double, rank: Int, norms: [Double]? = nil
  ) -> (weight: [Double], norms: [Double]) {
    let (rows, columns) = (m.count, w.count / m.count)
    var (changed, found) = (w, [Double](repeating: 0, count: rows))
    for row in 0..<rows {
      for column in 0..<columns {
        for k in 0..<rank { changed[row * columns + column] += scale * b[row * rank + k] * a[k * columns + column] }
        found[row] += changed[row * columns + column] * changed[row * columns + column]
      }
      found[row] = found[row].squareRoot()
      for column in 0..<columns { changed[row * columns + column] *= m[row] / (norms ?? found)[row] }
    }
    return (changed, found)
  }

  @Test("DoRA's norm is that of the whole changed weight, and a constant on the way back in the cheap form")
  func cheap() {
    let context = Context(threads: 2)
    let (n, i, o, r, scale) = (3, 5, 4, 2, 0.5)
    var random = Random(seed: 4)
    func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in 2 * random.uniform() - 1 } }
    let (x, w, a, b, m, c) = (
      numbers(n * i), numbers(o * i), numbers(r * i), numbers(o * r), numbers(o), numbers(n * o)
    )
    func loss(_ a: [Double], _ b: [Double], _ m: [Double], norms: [Double]?) -> Double {
      let weight = Self.weight(w, a, b, m, scale: scale, rank: r, norms: norms).weight
      var sum = 0.0
      for row in 0..<n {
        for out in 0..<o {
          for k in 0..<i { sum += c[row * o + out] * x[row * i + k] * weight[out * i + k] }
        }
      }
      return sum
    }
    let frozenNorms = Self.weight(w, a, b, m, scale: scale, rank: r).norms
    for isExact in [true, false] {
      let (xs, ws) = (context.doubles(x, [n, i]), context.doubles(w, [o, i]))
      let (value, gradients) = context.valueAndGradient(
        of: [context.doubles(a, [r, i]), context.doubles(b, [o, r]), context.doubles(m, [o])]
      ) { inputs in
        let y = DoRAMethod.output(
          context.matmul(xs, ws.transposed()), of: xs, weight: ws, squares: context.sum(context.square(ws), axis: 1),
          a: inputs[0], b: inputs[1], magnitude: inputs[2], scale: scale, isExact: isExact, context)
        return context.sum(context.multiply(y, context.doubles(c, [n, o])))
      }
      let norms = isExact ? nil : frozenNorms
      #expect(abs(value.doubles[0] - loss(a, b, m, norms: nil)) <= 1e-12)
      for (input, gradient) in gradients.enumerated() {
        for (place, found) in gradient.doubles.enumerated() {
          func moved(_ step: Double) -> Double {
            var all = [a, b, m]
            all[input][place] += step
            return loss(all[0], all[1], all[2], norms: norms)
          }
          let expected = (moved(1e-6) - moved(-1e-6)) / 2e-6
          #expect(abs(found - expected) <= 1e-7, "exact \(isExact), input \(input) at \(place)")
        }
      }
    }
  }
}

extension Tensor {
  /// The elements of a contiguous f64 tensor.
  fileprivate var doubles: [Double] {
    precondition(isContiguous && dtype == .f64)
    return Array(UnsafeBufferPointer(start: pointer(as: Double.self), count: count))
  }
}
