import NumericTypes
import Tensors
import Testing

@Suite struct DropoutTests {
  let one = Context(threads: 1)
  let two = Context(threads: 2)

  /// Word i of the generator: its 64-bit numbers hold two each, the low one first.
  static func word(_ index: Int, seed: UInt64, stream: UInt64) -> UInt32 {
    var random = Random(seed: seed, stream: stream)
    random.position = UInt64(index / 2)
    let bits = random.next()
    return UInt32(truncatingIfNeeded: index % 2 == 0 ? bits : bits >> 32)
  }

  @Test(arguments: [0, 1, 3, 63, 64, 65, 1000, 40_000]) func eachElementStaysAsItsWordOfTheGeneratorSays(_ count: Int) {
    var numbers = Numbers()
    let (rate, seed, stream) = (0.3, UInt64(0x1234_5678_9ABC_DEF0), UInt64(77))
    let x = numbers.tensor([count], one)
    let y = one.dropout(x, rate: rate, seed: seed, stream: stream).doubles(one)
    for (index, value) in x.doubles(one).enumerated() {
      let stays = Double(Self.word(index, seed: seed, stream: stream)) >= (rate * 0x1p32).rounded()
      let expected = stays ? value / (1 - rate) : 0
      #expect(abs(y[index] - expected) <= 1e-6 * abs(expected), "element \(index) of \(count)")
    }
  }

  @Test func theMaskOfTheWayBackIsThatOfTheWayForward() {
    for context in [one, two] {
      let x = context.full([50_000], 1)
      let (_, gradients, y) = context.valueAndGradient(of: [x]) { inputs in
        let y = context.dropout(inputs[0], rate: 0.1, seed: 3, stream: 1)
        return (value: context.sum(y), others: y)
      }
      #expect(gradients[0].bits(context) == y.bits(context))
      let kept = Double(y.doubles(context).count { $0 != 0 }) / 50_000
      // Five standard deviations.
      #expect(abs(kept - 0.9) < 5 * (0.09 / 50_000).squareRoot())
    }
  }

  @Test func bitsDoNotDependOnThreadsAndStreamsDiffer() {
    var numbers = Numbers()
    let x = numbers.tensor([123, 457], one)
    let first = one.dropout(x, rate: 0.5, seed: 9, stream: 0).bits(one)
    #expect(two.dropout(x, rate: 0.5, seed: 9, stream: 0).bits(two) == first)
    #expect(two.dropout(x, rate: 0.5, seed: 9, stream: 1).bits(two) != first)
    #expect(two.dropout(x, rate: 0.5, seed: 8, stream: 0).bits(two) != first)
    #expect(one.dropout(x, rate: 0, seed: 9).bits(one) == x.bits(one))
  }
}
