import NumericTypes
import Tensors
import Testing
import Training

#if canImport(Glibc)
  import Glibc
#endif

/// Turning, the way back, and whole layers.
@Suite struct FP4ProductTests {
  static func floats(_ x: Tensor, _ context: Context) -> [Float] { FP4QuantizerTests.floats(x, context) }

  // MARK: Hadamard

  @Test func turningBothOperandsLeavesTheProduct() throws {
    let context = Context(threads: 1)
    for (columns, block) in [(64, 16), (128, 128), (100, 32), (7, 16), (1, 2), (33, 64)] {
      let hadamard = try Hadamard(block: block, chance: .init(seed: 3, stream: 8))
      let (a, b) = (
        FP4QuantizerTests.matrix(9, columns, seed: 1, context), FP4QuantizerTests.matrix(5, columns, seed: 2, context)
      )
      let plain = Self.floats(context.matmul(a, b.transposed()), context)
      let (x, y) = (hadamard.turned(a, context), hadamard.turned(b, context))
      let turned = Self.floats(context.matmul(x, y.transposed()), context)
      let size = plain.map(\.magnitude).max() ?? 1
      #expect(zip(plain, turned).allSatisfy { abs($0 - $1) <= 1e-5 * size }, "\(columns) by \(block)")
      let back = Self.floats(hadamard.turnedBack(x, context), context)
      #expect(zip(Self.floats(a, context), back).allSatisfy { abs($0 - $1) <= 1e-5 })
      if columns > 2 { #expect(Self.floats(x, context) != Self.floats(a, context)) }
    }
    for block in [0, 1, 3, 24, 48, 100, 8192, -16] {
      #expect(throws: DataError.self, "\(block)") { try Hadamard(block: block, chance: .init(seed: 0, stream: 0)) }
    }
  }

  @Test func turningSpreadsWhatStandsOut() throws {
    let context = Context(threads: 1)
    let x = context.zeros([1, 64])
    x.pointer(as: Float.self)[17] = 64
    let hadamard = try Hadamard(block: 64, chance: .init(seed: 1, stream: 1))
    #expect(Self.floats(hadamard.turned(x, context), context).allSatisfy { abs($0.magnitude - 8) < 1e-5 })
  }

  // MARK: The way back

  static let estimators: [GradientEstimator] = [
    .straightThrough, .clipped, .power(exponent: 3, cap: 1000), .linear(width: 0.5), .spline,
  ]

  @Test(arguments: estimators.indices) func theWayBackIsThatOfTheRelaxedFunction(_ index: Int) {
    let estimator = Self.estimators[index]
    let context = Context(threads: 1)
    var random = Random(seed: 21)
    let block = 16
    /// s q̃(x / s), s the largest element over 6 and not rounded: what the formula is the gradient of.
    func relaxed(_ x: [Double], _ scale: Double?) -> [Double] {
      let scale = scale ?? (x.map(abs).max() ?? 0) / 6
      return x.map { Self.relaxed($0 / scale, estimator) * scale }
    }
    for kind in [ScaleGradient.none, .straightThrough] {
      for _ in 0..<20 {
        // Away from the corners of the piecewise functions, where no difference is the derivative.
        let scale = 0.5 + random.uniform()
        var units = (0..<block).map { _ in Self.inner(&random, estimator) }
        units[5] = random.uniform() < 0.5 ? 6 : -6
        let x = units.map { $0 * scale }
        let g = (0..<block).map { _ in 2 * random.uniform() - 1 }
        let values = relaxed(x, nil)
        let found = Self.floats(
          FP4Gradient(estimator, scale: kind).taken(
            context.tensor(g.map { Float($0) }, [1, block]), x: context.tensor(x.map { Float($0) }, [1, block]),
            values: context.tensor(values.map { Float($0) }, [1, block]), scales: context.full([1, 1], scale),
            block: block, context), context)
        for element in 0..<block {
          // With a scale that does not answer, the largest element stands at the edge itself.
          if element == 5, kind == .none || estimator == .clipped { continue }
          var (up, down) = (x, x)
          let step = 1e-6
          up[element] += step
          down[element] -= step
          let fixed = kind == .none ? scale : nil
          let loss = { (x: [Double]) in zip(g, relaxed(x, fixed)).reduce(0) { $0 + $1.0 * $1.1 } }
          let difference = (loss(up) - loss(down)) / (2 * step)
          #expect(
            abs(Double(found[element]) - difference) <= 1e-3 * max(1, abs(difference)),
            "\(estimator), \(kind), element \(element): \(found[element]), by differences \(difference)")
        }
      }
    }
  }

  /// q̃ in Double, by its definition.
  static func relaxed(_ u: Double, _ estimator: GradientEstimator) -> Double {
    let levels: [Double] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    if estimator == .straightThrough { return u }
    let size = abs(u)
    if size >= 6 { return u < 0 ? -6 : 6 }
    let place = (levels.lastIndex { $0 <= size }) ?? 0
    let (low, high) = (levels[place], levels[place + 1])
    let z = (2 * size - low - high) / (high - low)
    let half: Double
    switch estimator {
    case .straightThrough, .clipped: half = z
    case .power(let exponent, _): half = (z < 0 ? -1 : 1) * pow(abs(z), 1 / Double(exponent))
    case .linear(let width): half = max(-1, min(1, z / Double(width)))
    case .spline: half = (3 * z - z * z * z) / 2
    }
    let value = (low + high) / 2 + (high - low) / 2 * half
    return u < 0 ? -value : value
  }

  /// A number within ±6 with a smooth surrounding.
  static func inner(_ random: inout Random, _ estimator: GradientEstimator) -> Double {
    let levels: [Double] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    while true {
      let u = 11.8 * random.uniform() - 5.9
      let place = levels.lastIndex { $0 <= abs(u) } ?? 0
      let z = (2 * abs(u) - levels[place] - levels[place + 1]) / (levels[place + 1] - levels[place])
      let corner = estimator == .linear(width: 0.5) ? abs(abs(z) - 0.5) : 1
      if abs(z) > 0.05, abs(z) < 0.95, corner > 0.05 { return u }
    }
  }

  @Test func theSwiftFunctionIsTheRelaxedOne() {
    for estimator in Self.estimators {
      for step in -650...650 {
        let u = Double(step) / 100
        #expect(abs(Double(estimator.relaxed(Float(u))) - Self.relaxed(u, estimator)) < 2e-3, "\(estimator) at \(u)")
      }
    }
    #expect(GradientEstimator.power(exponent: 5, cap: 3).derivative(2.5) == 3)
    #expect(GradientEstimator.clipped.derivative(6.5) == 0 && GradientEstimator.straightThrough.derivative(6.5) == 1)
  }

  // MARK: Layers

  struct Layer {
    let layer: DenseLayer
    let parameters: [Parameter]
    let x: Tensor
    let context: Context

    init(rows: Int = 24, inputs: Int = 40, outputs: Int = 20, threads: Int = 1) {
      context = Context(threads: threads)
      var builder = ModelBuilder(context: context, seed: 4)
      layer = builder.within("dense") { DenseLayer(&$0, from: inputs, to: outputs) }
      parameters = builder.parameters
      x = FP4QuantizerTests.matrix(rows, inputs, seed: 6, context)
    }

    /// y, and the gradients of x, W and b of Σ y r, r given.
    func run(_ rule: (any ProductRule)?, batch: Int = 0) -> (y: [Float], gradients: [[Float]]) {
      let r = r
      let (_, found, y) = context.valueAndGradient(of: [x] + parameters.map(\.value)) { inputs in
        let pass = Pass(.training, weights: Array(inputs[1...]), buffers: [], batch: batch, context: context)
        pass.products = rule
        let y = layer(inputs[0], pass)
        return (value: context.sum(context.multiply(y, r)), others: y.detached())
      }
      return (FP4ProductTests.floats(y, context), found.map { FP4ProductTests.floats($0, context) })
    }

    /// The gradient of y.
    var r: Tensor { FP4QuantizerTests.matrix(x.shape[0], layer.outputs, seed: 7, context) }
  }

  @Test func productsAreThoseOfRoundedOperands() throws {
    let l = Layer()
    let context = l.context
    for format in [FP4Format.mxfp4, .nvfp4, FP4Format(scale: .ue5m3, block: 16)] {
      let (y, gradients) = l.run(try FP4Products(l.parameters, FP4Recipe(format)))
      let quantizer = FP4Quantizer(format)
      func rounded(_ x: Tensor) -> Tensor { quantizer.packed(context.contiguous(x), context).decoded(context) }
      let w = l.parameters[0].value
      let expected = [
        context.add(context.matmul(rounded(l.x), rounded(w).transposed()), l.parameters[1].value),
        context.matmul(rounded(l.r), rounded(w.transposed()).transposed()),
        context.matmul(rounded(l.r.transposed()), rounded(l.x.transposed()).transposed()),
      ]
      for (found, tensor) in zip([y, gradients[0], gradients[1]], expected) {
        let values = Self.floats(tensor, context)
        let size = values.map(\.magnitude).max() ?? 1
        #expect(zip(found, values).allSatisfy { abs($0 - $1) <= 1e-6 * size })
      }
      // Blocks along the wrong axis would give other numbers.
      let wrong = Self.floats(context.matmul(rounded(l.r).transposed(), rounded(l.x)), context)
      #expect(zip(gradients[1], wrong).contains { abs($0 - $1) > 1e-3 })
    }
  }

  @Test func everyRecipeStaysNearTheExactProducts() throws {
    let l = Layer(rows: 64, inputs: 64, outputs: 64)
    let exact = l.run(nil)
    let recipes = [
      FP4Recipe(.nvfp4, turned: .all), FP4Recipe(.nvfp4, gradients: .stochastic, turned: .all, lossScale: 1024),
      FP4Recipe(.mxfp4, turned: .all, gradient: FP4Gradient(.spline, scale: .relaxed)),
      FP4Recipe(.nvfp4, outliers: 0.01), FP4Recipe(.nvfp4, turned: .forward, hadamardBlock: 64, redrawsSigns: false),
      FP4Recipe(.nvfp4, activations: .stochastic, weights: .stochastic, gradients: .stochastic),
    ]
    for recipe in recipes {
      let found = l.run(try FP4Products(l.parameters, recipe))
      func distance(_ a: [Float], _ b: [Float]) -> Double {
        let (error, power) = zip(a, b).reduce(into: (0.0, 0.0)) { sums, pair in
          sums.0 += Double((pair.0 - pair.1) * (pair.0 - pair.1))
          sums.1 += Double(pair.1 * pair.1)
        }
        return (error / power).squareRoot()
      }
      // The spline's way back is no rounding of the exact gradient.
      let limit = recipe.gradient.isIdentity ? 0.35 : 1
      #expect(distance(found.y, exact.y) < 0.35, "\(recipe)")
      #expect(distance(found.gradients[0], exact.gradients[0]) < limit, "\(recipe)")
      #expect(distance(found.gradients[1], exact.gradients[1]) < limit, "\(recipe)")
      #expect(found.gradients[2] == exact.gradients[2], "a bias is not rounded")
    }
  }

  @Test func exactLayersAreExact() throws {
    let l = Layer()
    let rule = try FP4Products(l.parameters, FP4Recipe(.mxfp4, exactLayers: ["dense"]))
    let (found, exact) = (l.run(rule), l.run(nil))
    #expect(found.y == exact.y && found.gradients == exact.gradients)
  }

  @Test func threadsDoNotMatter() throws {
    let recipe = FP4Recipe(
      FP4Format(scale: .ue5m3, block: 16, scaleRounding: .stochastic), activations: .stochastic,
      gradients: .stochastic, turned: .all, gradient: FP4Gradient(.power(exponent: 5, cap: 3), scale: .straightThrough),
      outliers: 0.01)
    let found = try [1, 2].map { threads in
      let l = Layer(rows: 200, inputs: 96, outputs: 64, threads: threads)
      return l.run(try FP4Products(l.parameters, recipe), batch: 3)
    }
    #expect(found[0].y == found[1].y && found[0].gradients == found[1].gradients)
  }

  @Test func recipesAreChecked() {
    let wrong = [
      FP4Recipe(FP4Format(scale: .e4m3, block: 8)),
      FP4Recipe(FP4Format(scale: .e8m0, block: 32, hasTensorScale: true)),
      FP4Recipe(.mxfp4, turned: .all, hadamardBlock: 24), FP4Recipe(.mxfp4, lossScale: 0),
      FP4Recipe(.mxfp4, lossScale: .nan), FP4Recipe(.mxfp4, outliers: 0.5),
      FP4Recipe(.mxfp4, gradient: FP4Gradient(.power(exponent: 0.5, cap: 3))),
      FP4Recipe(.mxfp4, gradient: FP4Gradient(.linear(width: 0))),
    ]
    for recipe in wrong { #expect(throws: DataError.self, "\(recipe)") { try FP4Products([], recipe) } }
  }

  @Test func moreStabilisersCostMore() {
    let plain = FP4Recipe.plain.cost(rows: 2048, inputs: 1024, outputs: 1024)
    let all = FP4Recipe(
      .nvfp4, gradients: .stochastic, turned: .all, gradient: FP4Gradient(.power(exponent: 5, cap: 3), scale: .relaxed)
    ).cost(rows: 2048, inputs: 1024, outputs: 1024)
    #expect(plain.overhead > 0 && plain.overhead < all.overhead && all.overhead < 0.1)
    #expect(plain.productOperations == 6 * 2048 * 1024 * 1024)
  }
}
