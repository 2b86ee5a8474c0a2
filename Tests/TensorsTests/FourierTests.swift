import Foundation
import NumericTypes
import Tensors
import Testing

/// Fourier transforms against sums over all numbers, in Double.
@Suite struct FourierTests {
  let one = Context(threads: 1)
  let two = Context(threads: 2)

  static let lengths = Array(1...66) + [97, 100, 128, 210, 243, 256, 529, 841, 961, 1009, 1024, 1331, 1718, 2048, 2310]

  static func exact(_ x: [Double]) -> [Double] {
    let n = x.count
    let turns = (0..<n).map { (cos(2 * .pi * Double($0) / Double(n)), sin(2 * .pi * Double($0) / Double(n))) }
    return (0...n / 2).flatMap { k -> [Double] in
      var (real, imaginary) = (0.0, 0.0)
      for j in 0..<n {
        let (c, s) = turns[j * k % n]
        real += x[j] * c
        imaginary -= x[j] * s
      }
      return [real, imaginary]
    }
  }

  @Test(arguments: lengths) func aTransformIsTheSumOfTurns(_ n: Int) {
    var numbers = Numbers()
    let x = numbers.tensor([3, n], one)
    let source = x.doubles(one)
    let expected = (0..<3).flatMap { Self.exact(Array(source[$0 * n..<($0 + 1) * n])) }
    for (dtype, bar) in [(DType.f32, 1e-12), (.f64, 1e-25)] {
      let given = one.cast(x, to: dtype)
      let made = one.realFourier(given)
      #expect(made.shape == [3, n / 2 + 1, 2])
      #expect(normalizedError(made.doubles(one), expected) < bar, "\(dtype.displayName), \(n)")
      let back = one.inverseRealFourier(made, count: n)
      #expect(normalizedError(back.doubles(one), source) < bar, "\(dtype.displayName), \(n) back")
    }
  }

  @Test(arguments: [1, 2, 7, 8, 31]) func partsThatNoRealNumbersHaveDoNotCount(_ n: Int) {
    var numbers = Numbers()
    let x = numbers.tensor([n / 2 + 1, 2], one, .f64)
    var cleared = x.doubles(one)
    cleared[1] = 0
    if n.isMultiple(of: 2) { cleared[n + 1] = 0 }
    var expected = [Double](repeating: 0, count: n)
    for j in 0..<n {
      for k in 0..<n {
        let (half, sign) = 2 * k <= n ? (k, 1.0) : (n - k, -1.0)
        let angle = 2 * Double.pi * Double(j * k % n) / Double(n)
        expected[j] += (cleared[2 * half] * cos(angle) - sign * cleared[2 * half + 1] * sin(angle)) / Double(n)
      }
    }
    #expect(normalizedError(one.inverseRealFourier(x, count: n).doubles(one), expected) < 1e-25)
  }

  @Test func bitsDoNotDependOnThreads() {
    var numbers = Numbers()
    for n in [600, 1009, 1024] {
      let x = numbers.tensor([40, n], one)
      func run(_ context: Context) -> [[UInt8]] {
        let (_, gradients, spectrum) = context.valueAndGradient(of: [x]) { inputs in
          let spectrum = context.realFourier(inputs[0])
          return (value: context.sum(context.square(spectrum)), others: spectrum)
        }
        return [gradients[0].bits(context), spectrum.detached().bits(context)]
      }
      #expect(run(one) == run(two))
    }
  }
}
