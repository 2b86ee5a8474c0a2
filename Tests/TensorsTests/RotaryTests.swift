import Foundation
import NumericTypes
import Tensors
import Testing

/// Rotation by positions against turning pairs in Double.
@Suite struct RotaryTests {
  let one = Context(threads: 1)
  let two = Context(threads: 2)

  @Test(arguments: [RotaryPairing.halves, .neighbours]) func pairsTurnByTheirAngles(_ pairing: RotaryPairing) {
    var numbers = Numbers()
    let (batch, rows, heads, width, rotated) = (2, 9, 3, 10, 6)
    let x = numbers.tensor([batch, rows, heads, width], one)
    let angles = (0..<12).map { position in (0..<rotated / 2).map { Double(position) * pow(50, -Double($0) / 3) } }
    let table = one.tensor(angles.flatMap { $0.flatMap { [Float(cos($0)), Float(sin($0))] } }, [12, rotated])
    let places = (0..<batch * rows).map { (7 * $0 + 3) % 12 }
    let positions = one.cast(one.tensor(places.map { Float($0) }, [batch, rows]), to: .i64)
    for (given, place) in [(nil, { $0 % rows }), (positions, { places[$0] })] as [(Tensor?, (Int) -> Int)] {
      let y = one.rotary(x, table: table, positions: given, pairing: pairing).doubles(one)
      let source = x.doubles(one)
      for row in 0..<batch * rows {
        for head in 0..<heads {
          let start = (row * heads + head) * width
          var expected = Array(source[start..<start + width])
          for pair in 0..<rotated / 2 {
            let (i, j) = pairing == .halves ? (pair, pair + rotated / 2) : (2 * pair, 2 * pair + 1)
            let angle = angles[place(row)][pair]
            expected[i] = source[start + i] * cos(angle) - source[start + j] * sin(angle)
            expected[j] = source[start + i] * sin(angle) + source[start + j] * cos(angle)
          }
          let isEqual = zip(y[start..<start + width], expected).allSatisfy { abs($0 - $1) < 1e-6 }
          #expect(isEqual)
        }
      }
    }
  }

  @Test func goingBackTurnsBack() {
    // The gradient of Σ g · turn(x), with g = turn(x), is x: lengths are kept.
    var numbers = Numbers()
    let angles = (0..<300).flatMap { position in (0..<8).map { Double(position) * pow(100, -Double($0) / 8) } }
    for context in [one, two] {
      let x = numbers.tensor([300, 4, 16], context)
      let table = context.tensor(angles.flatMap { [Float(cos($0)), Float(sin($0))] }, [300, 16])
      let turned = context.rotary(x, table: table)
      let gradients = context.gradient(of: [x]) {
        context.sum(context.multiply(context.rotary($0[0], table: table), turned))
      }
      #expect(normalizedError(gradients[0].doubles(context), x.doubles(context)) < 1e-12)
    }
  }
}
