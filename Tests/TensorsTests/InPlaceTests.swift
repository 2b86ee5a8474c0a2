import NumericTypes
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Operators in the storage of their operand against their definition, for any number of threads and by the twins.
@Suite struct InPlaceTests {
  static let contexts = [
    Context(threads: 1), Context(threads: 2), Context(threads: 1, kernels: .reference),
  ]

  static func values(_ x: Tensor) -> [Float] {
    Array(UnsafeBufferPointer(start: x.pointer(as: Float.self), count: x.count))
  }

  @Test func theyAreWhatTheirNamesSay() {
    for shape in [Shape([1, 7]), [3, 5], [90, 1024]] {
      var numbers = Numbers()
      let x = numbers.floats(shape.count, scale: 4)
      let y = numbers.floats(shape.count, scale: 30)
      var seen: Set<[Float]> = []
      for context in Self.contexts {
        let sum = context.tensor(y, shape)
        context.accumulate(context.tensor(x, shape), into: sum)
        #expect(Self.values(sum) == zip(x, y).map { $1 + $0 })
        context.scale(sum, by: 0.37)
        #expect(Self.values(sum) == zip(x, y).map { ($1 + $0) * 0.37 })
        let capped = context.tensor(y, shape)
        context.softcap(capped, at: 5)
        for (value, score) in zip(Self.values(capped), y) {
          #expect(abs(Double(value) - 5 * tanh(Double(score) / 5)) <= 2e-6)
        }
        seen.insert(Self.values(capped))
      }
      #expect(seen.count == 1)
    }
  }
}
