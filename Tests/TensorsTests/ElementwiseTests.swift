import NumericTypes
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct ElementwiseTests {
  static let one = Context(threads: 1)
  static let two = Context(threads: 2)
  static let twin = Context(threads: 1, kernels: .reference)

  struct Function: Sendable {
    let name: String
    let run: @Sendable (Context, Tensor) -> Tensor
    let exact: @Sendable (Double) -> Double
  }

  static let functions: [Function] = [
    Function(name: "negate", run: { $0.negate($1) }, exact: { -$0 }),
    Function(name: "absolute", run: { $0.absolute($1) }, exact: { abs($0) }),
    Function(name: "square", run: { $0.square($1) }, exact: { $0 * $0 }),
    Function(name: "sqrt", run: { $0.sqrt($1) }, exact: { $0.squareRoot() }),
    Function(name: "rsqrt", run: { $0.rsqrt($1) }, exact: { 1 / $0.squareRoot() }),
    Function(name: "reciprocal", run: { $0.reciprocal($1) }, exact: { 1 / $0 }),
    Function(name: "exp", run: { $0.exp($1) }, exact: { exp($0) }),
    Function(name: "log", run: { $0.log($1) }, exact: { log($0) }),
    Function(name: "sin", run: { $0.sin($1) }, exact: { sin($0) }),
    Function(name: "cos", run: { $0.cos($1) }, exact: { cos($0) }),
    Function(name: "relu", run: { $0.relu($1) }, exact: { $0 < 0 ? 0 : $0 }),
    Function(name: "tanh", run: { $0.tanh($1) }, exact: { tanh($0) }),
    Function(name: "erf", run: { $0.erf($1) }, exact: { erf($0) }),
    Function(name: "sigmoid", run: { $0.sigmoid($1) }, exact: { 1 / (1 + exp(-$0)) }),
    Function(name: "silu", run: { $0.silu($1) }, exact: { $0 / (1 + exp(-$0)) }),
    Function(name: "gelu", run: { $0.gelu($1) }, exact: { 0.5 * $0 * (1 + erf($0 * 0.5.squareRoot())) }),
    Function(name: "geluTanh", run: { $0.geluTanh($1) }, exact: geluTanh),
  ]

  static func geluTanh(_ x: Double) -> Double {
    let inner: Double = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
    return 0.5 * x * (1 + tanh(inner))
  }

  /// Whether a result is as near to the exact one as its type allows; both may be NaN.
  static func isNear(_ x: Double, _ y: Double, _ relative: Double, _ absolute: Double) -> Bool {
    x == y || (x.isNaN && y.isNaN) || abs(x - y) <= relative * abs(y) + absolute
  }

  @Test func functionsOfOneOperand() {
    var numbers = Numbers()
    var cases = 0
    let shapes: [Shape] = [[0], [], [1], [7], [8], [9], [3, 5], [2, 3, 4], [100], [1, 33]]
    for function in Self.functions {
      for shape in shapes {
        for (dtype, relative) in [(DType.f32, 1e-6), (.f16, 1e-3), (.bf16, 8e-3), (.f64, 1e-12)] {
          for scale: Float in [1, 30] {
            let x = numbers.tensor(shape, Self.one, dtype, scale: scale)
            for view in shape.rank >= 2 ? [x, x.transposed()] : [x] {
              let y = function.run(Self.one, view)
              #expect(y.shape == view.shape && y.dtype == dtype)
              let results = y.doubles(Self.one)
              for (result, input) in zip(results, view.doubles(Self.one)) {
                let exact = function.exact(input)
                let expected = dtype == .f16 && abs(exact) >= 65520 ? exact * .infinity : exact
                #expect(Self.isNear(result, expected, relative, relative), "\(function.name) \(dtype) \(input)")
              }
              #expect(function.run(Self.two, view).bits(Self.two) == y.bits(Self.one))
              let twin = function.run(Self.twin, view).doubles(Self.twin)
              #expect(zip(twin, results).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(function.name) twin")
              cases += 1
            }
          }
        }
      }
    }
    #expect(cases >= 1700)
  }

  @Test func extremes() {
    let values: [Float] = [0, -0.0, .infinity, -.infinity, .nan, 0x1p-149, -0x1p-130, 3e38, -3e38, 88.7, -103.9]
    let x = Self.one.tensor(values)
    for function in Self.functions where !["gelu", "geluTanh"].contains(function.name) {
      for (result, input) in zip(function.run(Self.one, x).doubles(Self.one), values) {
        let expected = Double(Float(function.exact(Double(input))))
        #expect(Self.isNear(result, expected, 3e-7, 0x1p-126), "\(function.name) of \(input) is \(result)")
      }
    }
    #expect(Self.one.exp(x).doubles(Self.one)[3] == 0 && Self.one.log(x).doubles(Self.one)[0] == -.infinity)
    #expect(Self.one.negate(x).doubles(Self.one)[0].sign == .minus)
  }

  @Test func broadcasting() {
    var numbers = Numbers()
    var cases = 0
    let pairs: [(Shape, Shape)] = [
      ([3, 4], [3, 4]), ([3, 4], [4]), ([3, 4], []), ([], [5]), ([3, 1], [1, 4]), ([2, 3, 1], [3, 40]),
      ([0, 4], [1, 4]),
      ([5, 1, 7], [1, 6, 1]), ([1], [1]), ([64, 33], [64, 1]),
    ]
    let operators: [(String, (Context, Tensor, Tensor) -> Tensor, (Double, Double) -> Double)] = [
      ("add", { $0.add($1, $2) }, { $0 + $1 }), ("subtract", { $0.subtract($1, $2) }, { $0 - $1 }),
      ("multiply", { $0.multiply($1, $2) }, { $0 * $1 }), ("divide", { $0.divide($1, $2) }, { $0 / $1 }),
      ("minimum", { $0.minimum($1, $2) }, { Swift.min($0, $1) }),
      ("maximum", { $0.maximum($1, $2) }, { Swift.max($0, $1) }),
      ("power", { $0.power($0.absolute($1), $2) }, { pow(abs($0), $1) }),
      ("siluMultiply", { $0.siluMultiply($1, $2) }, { $0 / (1 + exp(-$0)) * $1 }),
      ("geluMultiply", { $0.geluMultiply($1, $2) }, { 0.5 * $0 * (1 + erf($0 * 0.5.squareRoot())) * $1 }),
      ("geluTanhMultiply", { $0.geluTanhMultiply($1, $2) }, { Self.geluTanh($0) * $1 }),
    ]
    for (a, b) in pairs {
      for (dtype, bound) in [(DType.f32, 1e-6), (.f16, 2e-3), (.bf16, 1.6e-2), (.f64, 1e-12)] {
        for (name, run, exact) in operators {
          let x = numbers.tensor(a, Self.one, dtype)
          let y = numbers.tensor(b, Self.one, dtype)
          let z = run(Self.one, x, y)
          let wideX = x.broadcast(to: z.shape).doubles(Self.one)
          let wideY = y.broadcast(to: z.shape).doubles(Self.one)
          for (result, (p, q)) in zip(z.doubles(Self.one), zip(wideX, wideY)) {
            #expect(Self.isNear(result, exact(p, q), bound, bound), "\(name) \(dtype) \(a) \(b)")
          }
          #expect(run(Self.two, x, y).bits(Self.two) == z.bits(Self.one), "\(name) with two threads")
          #expect(run(Self.twin, x, y).bits(Self.twin) == z.bits(Self.one), "\(name) twin")
          cases += 1
        }
      }
    }
    #expect(cases >= 320)
  }

  @Test func integersWrapAndConvert() {
    let context = Self.one
    for dtype in [DType.i8, .i16, .i32, .i64] {
      let a = context.arange(20, start: -10, dtype)
      let b = context.full([20], 3, dtype)
      let x = a.doubles(context)
      #expect(context.add(a, b).doubles(context) == x.map { $0 + 3 })
      #expect(context.multiply(a, b).doubles(context) == x.map { $0 * 3 })
      #expect(context.divide(a, b).doubles(context) == x.map { ($0 / 3).rounded(.towardZero) })
      #expect(context.divide(a, context.zeros([20], dtype)).doubles(context).allSatisfy { $0 == 0 })
      #expect(context.negate(a).doubles(context) == x.map { -$0 })
      #expect(context.relu(a).doubles(context) == x.map { Swift.max($0, 0) })
      #expect(context.cast(a, to: .bool).doubles(context) == x.map { $0 == 0 ? 0 : 1 })
      #expect(context.cast(context.cast(a, to: .bf16), to: dtype).doubles(context) == x)
    }
    let wrapped = context.add(context.full([1], 127, .i8), context.full([1], 1, .i8))
    #expect(wrapped.doubles(context) == [-128])
    let odd = context.cast(context.tensor([.nan, .infinity, -.infinity, 2.9, -2.9]), to: .i64)
    let bits = Array(UnsafeBufferPointer(start: odd.pointer(as: Int64.self), count: 5))
    #expect(bits == [0, .max, .min, 2, -2])
  }

  @Test func castsAreExactOrRounded() {
    var numbers = Numbers()
    let types: [DType] = [.f32, .f64, .f16, .bf16]
    for from in types {
      for to in types {
        let x = numbers.tensor([6, 37], Self.one, from, scale: 100)
        for view in [x, x.transposed(), x.sliced(axis: 1, 3..<20)] {
          let y = Self.one.cast(view, to: to)
          for (a, b) in zip(y.doubles(Self.one), view.doubles(Self.one)) {
            switch to {
            case .f16: #expect(abs(a - b) <= abs(b) * 0x1p-11)
            case .bf16: #expect(abs(a - b) <= abs(b) * 0x1p-8)
            case .f32: #expect(a == Double(Float(b)))
            default: #expect(a == b)
            }
          }
        }
      }
    }
  }

  @Test func comparisonAndSelection() {
    let context = Self.two
    let a = context.tensor([1, 2, .nan, 4], [4])
    let b = context.tensor([2, 2, 2, 2])
    let holds: [(Comparison, [Double])] = [
      (.equal, [0, 1, 0, 0]), (.notEqual, [1, 0, 1, 1]), (.less, [1, 0, 0, 0]), (.lessOrEqual, [1, 1, 0, 0]),
      (.greater, [0, 0, 0, 1]), (.greaterOrEqual, [0, 1, 0, 1]),
    ]
    #expect(holds.count == Comparison.allCases.count)
    for (relation, expected) in holds {
      let result = context.compare(a, relation, b)
      #expect(result.dtype == .bool && result.doubles(context) == expected)
    }
    let mask = context.compare(a, .less, context.tensor([3], [1]))
    let chosen = context.select(mask, context.arange(12).reshaped([3, 4]), context.full([], -1))
    #expect(chosen.doubles(context) == [0, 1, -1, -1, 4, 5, -1, -1, 8, 9, -1, -1])
  }
}
