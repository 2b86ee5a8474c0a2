import NumericTypes
import Tensors
import Testing

@Suite struct MatmulTests {
  static let one = Context(threads: 1)
  static let two = Context(threads: 2)
  static let twin = Context(threads: 1, kernels: .reference)

  /// Products in Double, straight from the definition.
  static func oracle(_ a: [Double], _ b: [Double], _ m: Int, _ n: Int, _ k: Int) -> [Double] {
    var c = [Double](repeating: 0, count: m * n)
    for i in 0..<m {
      for p in 0..<k { for j in 0..<n { c[i * n + j] += a[i * k + p] * b[p * n + j] } }
    }
    return c
  }

  @Test func everyShapeLayoutAndType() {
    var numbers = Numbers()
    var cases = 0
    for m in [0, 1, 2, 3, 4, 7, 12, 13, 30] {
      for n in [0, 1, 3, 16, 17, 50, 130] {
        for k in [0, 1, 5, 8, 33, 330] {
          for dtype in [DType.f32, .f16, .bf16] {
            let a = numbers.tensor([m, k], Self.one, dtype)
            let wide = numbers.tensor([n, k], Self.one, dtype)
            for isTransposed in [false, true] {
              let b = isTransposed ? wide.transposed() : Self.one.contiguous(wide.transposed())
              let c = Self.one.matmul(a, b)
              #expect(c.shape == [m, n] && c.dtype == .f32)
              let expected = Self.oracle(a.doubles(Self.one), b.doubles(Self.one), m, n, k)
              #expect(normalizedError(c.doubles(Self.one), expected) < 1e-11, "\(m)x\(n)x\(k) \(dtype) \(isTransposed)")
              #expect(Self.two.matmul(a, b).bits(Self.two) == c.bits(Self.one), "threads: \(m)x\(n)x\(k)")
              #expect(Self.twin.matmul(a, b).bits(Self.twin) == c.bits(Self.one), "twin: \(m)x\(n)x\(k) \(dtype)")
              cases += 3
            }
            if k > 0, n > 0 {
              let packed = Self.one.packPanels(wide.transposed())
              let c = Self.one.matmul(a, packed)
              let again = Self.two.matmul(a, Self.two.packPanels(Self.one.contiguous(wide.transposed())))
              #expect(c.bits(Self.one) == again.bits(Self.two), "packed \(m)x\(n)x\(k) \(dtype)")
              if m > 0 {
                let alone = Self.one.matmul(a.sliced(axis: 0, (m - 1)..<m), packed)
                #expect(alone.bits(Self.one) == c.sliced(axis: 0, (m - 1)..<m).bits(Self.one), "one row \(m)x\(n)x\(k)")
              }
              cases += 2
            }
          }
        }
      }
    }
    #expect(cases >= 5000)
  }

  /// One row and many, every layout of B, and packed or not: the same chain over k.
  @Test func aRowDependsNeitherOnOtherRowsNorOnTheLayout() {
    var numbers = Numbers()
    var cases = 0
    for (n, k) in [(1, 7), (17, 40), (50, 333), (100, 1100)] {
      for dtype in [DType.f32, .f16, .bf16] {
        let wide = numbers.tensor([n, k], Self.one, dtype)
        let transposed = wide.transposed()
        let rows = Self.one.contiguous(transposed)
        let packed = Self.one.packPanels(transposed)
        let a = numbers.tensor([45, k], Self.one)
        let alone = (0..<45).map { Self.one.matmul(a.sliced(axis: 0, $0..<$0 + 1), transposed).bits(Self.one) }
        for m in [1, 2, 3, 4, 5, 8, 9, 12, 13, 14, 15, 28, 45] {
          let some = a.sliced(axis: 0, 0..<m)
          let expected = Array(alone[..<m].joined())
          for context in [Self.one, Self.two, Self.twin] {
            #expect(context.matmul(some, transposed).bits(context) == expected, "transposed \(m)x\(n)x\(k) \(dtype)")
            #expect(context.matmul(some, rows).bits(context) == expected, "rows \(m)x\(n)x\(k) \(dtype)")
            #expect(context.matmul(some, packed).bits(context) == expected, "packed \(m)x\(n)x\(k) \(dtype)")
            cases += 3
          }
        }
      }
    }
    #expect(cases == 1404)
  }

  @Test func viewsAndBatches() {
    var numbers = Numbers()
    let context = Self.two
    var cases = 0
    for (left, right) in [([3, 1, 5, 9], [4, 9, 20]), ([2, 5, 9], [9, 20]), ([5, 9], [6, 9, 20])] {
      let a = numbers.tensor(Shape(left), context)
      let b = numbers.tensor(Shape(right), context)
      let c = context.matmul(a, b)
      let leading = Shape(Array(c.shape.dimensions.dropLast(2)))
      let wideA = context.copy(a.broadcast(to: Shape(leading.dimensions + [5, 9]))).doubles(context)
      let wideB = context.copy(b.broadcast(to: Shape(leading.dimensions + [9, 20]))).doubles(context)
      let all = c.doubles(context)
      for batch in 0..<leading.count {
        let expected = Self.oracle(
          Array(wideA[batch * 45..<(batch + 1) * 45]), Array(wideB[batch * 180..<(batch + 1) * 180]), 5, 20, 9)
        #expect(normalizedError(Array(all[batch * 100..<(batch + 1) * 100]), expected) < 1e-11)
        cases += 1
      }
    }
    // Slices with a stride along rows, a transposed left side, and a right side with a stride along both axes.
    let big = numbers.tensor([40, 60], context)
    let a = big.sliced(axis: 0, 3..<20).sliced(axis: 1, 5..<36)
    let right = numbers.tensor([31, 2, 24], context)
    let b = right.sliced(axis: 1, 1..<2)
    let strided = Tensor.columns(of: b, context)
    for (x, y) in [(a, strided), (context.copy(a.transposed()).transposed(), strided)] {
      let expected = Self.oracle(x.doubles(context), y.doubles(context), 17, 24, 31)
      #expect(normalizedError(context.matmul(x, y).doubles(context), expected) < 1e-11)
      cases += 1
    }
    #expect(cases >= 22)
  }

  @Test func nonFiniteNumbersSpread() {
    let a = Self.one.tensor([1, .infinity, 0, .nan], [2, 2])
    let c = Self.one.matmul(a, Self.one.tensor([1, 2, 3, 4], [2, 2])).doubles(Self.one)
    #expect(c[0] == .infinity && c[1] == .infinity && c[2].isNaN && c[3].isNaN)
  }

  @Test func aCapturedPlanGivesTheSameBits() {
    var numbers = Numbers()
    let context = Self.two
    let x = numbers.tensor([9, 64], context)
    let w = numbers.tensor([48, 64], context)
    let weight = numbers.tensor([48], context)
    func model() -> Tensor {
      let y = context.rmsNorm(context.matmul(x, w.transposed()), weight: weight, epsilon: 1e-5)
      return context.softmax(context.add(context.gelu(y), context.multiply(y, 0.5)))
    }
    let plan = Plan()
    let captured = plan.capture(in: context) { model() }
    for _ in 0..<4 {
      let changed = numbers.tensor([9, 64], context)
      x.pointer.copyMemory(from: changed.pointer, byteCount: 9 * 64 * 4)
      plan.replay()
      #expect(captured.bits(context) == model().bits(context))
    }
    #expect(plan.count > 3)
  }

  @Test func costsCountWhatIsMoved() {
    let cost = Context.matmulCost(m: 2, n: 3, k: 4, weights: .f16)
    #expect(cost.flops == 48 && cost.bytesRead == 32 + 24 && cost.bytesWritten == 24)
  }
}

extension Tensor {
  /// [R, 1, C] as [R, C] without copying.
  static func columns(of x: Tensor, _ context: Context) -> Tensor {
    let picked = x.transposed(0, 1)
    return context.copy(picked).reshaped([picked.shape[1], picked.shape[2]])
  }
}
