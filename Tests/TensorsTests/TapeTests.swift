import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// The reverse-mode tape: what it records, gives back and refuses.
@Suite struct TapeTests {
  static func parameters(_ context: Context, _ dtype: DType = .f32) -> [Tensor] {
    var random = Random(seed: 3)
    return [[6, 8], [8, 8], [8], [8, 5]].map { context.normal($0, deviation: 0.5, dtype, random: &random) }
  }

  /// A small network with a residual connection and a weight that is used twice.
  static func loss(_ p: [Tensor], _ context: Context, isCheckpointed: Bool = false) -> Tensor {
    func block(_ x: Tensor) -> Tensor {
      let normal = context.rmsNorm(x, weight: p[2], epsilon: 1e-5)
      let hidden = context.silu(context.matmul(normal, p[1]))
      return context.add(x, context.matmul(hidden, p[1].transposed()))
    }
    let first = isCheckpointed ? context.checkpoint([p[0]]) { block($0[0]) } : block(p[0])
    let second = isCheckpointed ? context.checkpoint([first, p[1]]) { block($0[0]) } : block(first)
    let scores = context.logSoftmax(context.matmul(context.add(second, first), p[3]))
    return context.negate(context.mean(scores.sliced(axis: 1, 1..<3)))
  }

  static func gradients(_ context: Context, isCheckpointed: Bool = false) -> [[UInt8]] {
    let found = context.valueAndGradient(of: parameters(context)) { loss($0, context, isCheckpointed: isCheckpointed) }
    return [found.value.bits(context)] + found.gradients.map { $0.bits(context) }
  }

  @Test func checkpointedIsPlainBitForBitOnOneThreadAndTwo() {
    let plain = Self.gradients(Context(threads: 1))
    #expect(plain == Self.gradients(Context(threads: 2)))
    #expect(plain == Self.gradients(Context(threads: 1), isCheckpointed: true))
    #expect(plain == Self.gradients(Context(threads: 2), isCheckpointed: true))
  }

  @Test func theWayBackStandsWhereItsOperatorsStood() {
    let context = Context(threads: 1)
    let recorder = OperatorRecorder()
    let x = context.tensor([0.3, -1.2, 2], [3])
    context.recording(into: recorder) {
      _ = context.gradient(of: [x]) { parameters in
        let first = context.within("first", layer: 3) { context.exp(parameters[0]) }
        let second = context.checkpoint([first]) { inputs in context.within("second") { context.sin(inputs[0]) } }
        return context.within("third") { context.sum(second) }
      }
    }
    func places(_ phase: OperatorScope.Phase) -> Set<[String]> {
      Set(
        recorder.records.map(\.operator.scope).filter { $0.phase == phase }.map {
          $0.path + ($0.layer.map { ["\($0)"] } ?? [])
        })
    }
    #expect(places(.forward) == [["first", "3"], ["second"], ["third"]])
    #expect(places(.recompute) == [["second"]])
    #expect(places(.backward) == [["first", "3"], ["second"], ["third"]])
    #expect(context.scope == OperatorScope())
  }

  @Test func aCheckpointWithManyResultsIsPlainToo() {
    let context = Context(threads: 1)
    let x = context.tensor([0.3, -1.2, 2], [3])
    func run(_ isCheckpointed: Bool) -> [[UInt8]] {
      let body = { (inputs: [Tensor]) -> [Tensor] in
        let e = context.exp(inputs[0])
        return [e, context.multiply(e, inputs[0]), inputs[0], context.sin(x)]
      }
      return context.gradient(of: [x]) { parameters in
        let parts = isCheckpointed ? context.checkpoint(parameters, body) : body(parameters)
        return context.sum(context.multiply(context.add(parts[0], parts[2]), context.tanh(parts[0])))
      }.map { $0.bits(context) }
    }
    #expect(run(true) == run(false))
  }

  @Test func checkpointsNest() {
    let context = Context(threads: 1)
    let x = context.tensor([0.3, -1.2, 2], [3])
    func inner(_ x: Tensor) -> Tensor { context.sin(context.square(x)) }
    func run(_ isCheckpointed: Bool) -> [UInt8] {
      context.gradient(of: [x]) { parameters in
        func outer(_ x: Tensor) -> Tensor {
          context.multiply(x, isCheckpointed ? context.checkpoint([x]) { inner($0[0]) } : inner(x))
        }
        let y = isCheckpointed ? context.checkpoint(parameters) { outer($0[0]) } : outer(parameters[0])
        return context.sum(context.multiply(y, parameters[0]))
      }[0].bits(context)
    }
    #expect(run(true) == run(false))
  }

  @Test func aCheckpointKeepsLessMemory() {
    func peak(_ isCheckpointed: Bool) -> Int {
      let context = Context(threads: 1)
      let x = context.full([1 << 16], 0.5)
      context.allocator.resetPeak()
      _ = context.gradient(of: [x]) { parameters in
        let y = (0..<8).reduce(parameters[0]) { y, _ in
          func segment(_ x: Tensor) -> Tensor { (0..<8).reduce(x) { y, _ in context.sin(y) } }
          return isCheckpointed ? context.checkpoint([y]) { segment($0[0]) } : segment(y)
        }
        return context.sum(y)
      }
      return context.allocator.peakLiveBytes
    }
    #expect(peak(false) > 64 << 18)
    #expect(peak(true) < 24 << 18)
  }

  @Test func memoryIsGivenBackAsTheGradientGoesAndAllOfItAtTheEnd() {
    let context = Context(threads: 1)
    let x = context.full([1 << 16], 0.5)
    let before = context.allocator.liveBytes
    var (recorded, halfway) = (0, 0)
    _ = context.gradient(of: [x]) { parameters in
      var y = parameters[0]
      for step in 0..<32 {
        y = context.sin(y)
        if step == 15 {
          y = context.differentiable([y]) {
            context.copy(y.detached())
          } backward: { call in
            halfway = call.context.allocator.liveBytes
            return [call.gradient]
          }
        }
      }
      y = context.sum(y)
      recorded = context.allocator.liveBytes
      return y
    }
    #expect(halfway < recorded - (12 << 18))
    #expect(context.allocator.liveBytes == before)
  }

  @Test func aLongChainIsRecordedAndFreedWithoutDeepRecursion() {
    let context = Context(threads: 1)
    let gradient = context.gradient(of: [context.full([], 1)]) { parameters in
      (0..<200_000).reduce(parameters[0]) { y, _ in context.add(y, 1e-6) }
    }
    #expect(gradient[0].doubles(context) == [1])
  }

  @Test func whatTheLossDoesNotDependOnHasAGradientOfZeros() {
    let context = Context(threads: 1)
    let x = [context.full([2], 3), context.full([3, 2], 1, .f64), context.full([2], 5)]
    let gradients = context.gradient(of: x) { parameters in
      context.sum(context.multiply(parameters[0], parameters[2].detached()))
    }
    #expect(gradients.map { $0.doubles(context) } == [[5, 5], [0, 0, 0, 0, 0, 0], [0, 0]])
    #expect(gradients.map(\.dtype) == [.f32, .f64, .f32])
    #expect(context.gradient(of: x) { _ in context.full([], 2) }[0].doubles(context) == [0, 0])
  }

  @Test func gradientsHaveBuffersOfTheirOwn() {
    let context = Context(threads: 1)
    let x = [context.full([4], 3), context.full([4], 1)]
    let gradients = context.gradient(of: x) { context.sum(context.add($0[0], $0[1])) }
    context.scale(gradients[0], by: 7)
    #expect(gradients[1].doubles(context) == [1, 1, 1, 1])
  }

  @Test func furtherResultsComeBackUntracked() {
    let context = Context(threads: 1)
    let (value, gradients, logits) = context.valueAndGradient(of: [context.full([2], 3)]) { parameters in
      let logits = context.square(parameters[0])
      return (context.sum(logits), logits)
    }
    #expect(value.doubles(context) == [18])
    #expect(gradients[0].doubles(context) == [6, 6])
    #expect(!logits.isTracked && logits.doubles(context) == [9, 9])
  }

  @Test func derivativesOfHigherOrderAreThose() {
    let context = Context(threads: 1)
    // x⁵: 5x⁴, 20x³, 60x², 120x.
    func derivative(_ order: Int, _ x: Tensor) -> Tensor {
      if order == 0 { return context.power(x, 5) }
      return context.gradient(of: [x]) { derivative(order - 1, $0[0]) }[0]
    }
    let x = context.full([], 1.5, .f64)
    for (order, wanted) in [1.0, 5, 20, 60, 120].enumerated() {
      let found = derivative(order, x).doubles(context)[0]
      var power = 1.0
      for _ in 0..<(5 - order) { power *= 1.5 }
      #expect(abs(found - wanted * power) < 1e-9 * wanted)
    }
  }

  @Test func anInnerGradientKnowsItsOwnParametersOnly() {
    let context = Context(threads: 1)
    // d/dx (x · d/dy (x y) at y = 3) = d/dx x² = 2x; the inner one takes x as a constant.
    let found = context.gradient(of: [context.full([], 5)]) { outer in
      let inner = context.gradient(of: [context.full([], 3)]) { context.multiply(outer[0], $0[0]) }
      return context.multiply(outer[0], inner[0])
    }
    #expect(found[0].doubles(context) == [10])
  }

  @Test func checkpointsHaveDerivativesOfSecondOrder() {
    let context = Context(threads: 1)
    let x = context.doubles([0.3, -1.2, 2], [3])
    func run(_ isCheckpointed: Bool) -> [Double] {
      context.gradient(of: [x]) { outer in
        let inner = context.gradient(of: outer) { parameters in
          func body(_ x: Tensor) -> Tensor { context.multiply(context.sin(x), context.square(x)) }
          return context.sum(isCheckpointed ? context.checkpoint(parameters) { body($0[0]) } : body(parameters[0]))
        }
        return context.sum(context.square(inner[0]))
      }[0].doubles(context)
    }
    #expect(run(true) == run(false))
  }

  @Test func aDerivativeWithinACheckpointDoesNotDisturbThatOfTheWhole() {
    let context = Context(threads: 1)
    func run(_ isCheckpointed: Bool) -> [Double] {
      context.gradient(of: [context.doubles([0.3, -1.2], [2])]) { parameters in
        let first = context.exp(parameters[0])
        func body(_ x: Tensor) -> Tensor {
          let slope = context.gradient(of: [x]) { context.sum(context.power(context.square($0[0]), 2)) }
          return context.multiply(slope[0], x)
        }
        return context.sum(isCheckpointed ? context.checkpoint([first]) { body($0[0]) } : body(first))
      }[0].doubles(context)
    }
    // 4 e^3x e^x, whose derivative is 16 e^4x.
    for (found, x) in zip(run(true), [0.3, -1.2]) {
      let wanted = context.exp(context.full([], 4 * x, .f64)).doubles(context)[0] * 16
      #expect(abs(found - wanted) < 1e-9 * wanted)
    }
    #expect(run(true) == run(false))
  }

  @Test func secondOrderOfANetworkIsWhatDifferencesSay() {
    let law = GradientLaw("network") { random in
      GradientCase([[6, 8], [8, 8], [8], [8, 5]], in: -0.7...0.7, &random) { Self.loss($0, $1) }
    }
    #expect(law.violations() == [])
    let checkpointed = GradientLaw("checkpointed network") { random in
      GradientCase([[6, 8], [8, 8], [8], [8, 5]], in: -0.7...0.7, &random) {
        Self.loss($0, $1, isCheckpointed: true)
      }
    }
    #expect(checkpointed.violations() == [])
  }

  @Test func anOperatorOfOnesOwnHasItsOwnGradient() {
    func cubes(_ x: Tensor, _ context: Context) -> Tensor {
      context.differentiable([x]) {
        let y = context.empty(x.shape, x.dtype)
        let plain = context.contiguous(x)
        func fill<Number: BinaryFloatingPoint>(_: Number.Type) {
          let (from, to) = (plain.pointer(as: Number.self), y.pointer(as: Number.self))
          for i in 0..<x.count { to[i] = from[i] * from[i] * from[i] }
        }
        if x.dtype == .f64 { fill(Double.self) } else { fill(Float.self) }
        return y
      } backward: { call in
        [call.context.multiply(call.gradient, call.context.multiply(call.context.square(x), 3))]
      }
    }
    let law = GradientLaw("cubes") { random in
      GradientCase([random.shape()], &random) { cubes($0[0], $1) }
    }
    #expect(law.violations() == [])
    let wrong = GradientLaw("wrong") { random in
      GradientCase([[3]], &random) { inputs, context in
        context.differentiable(inputs) {
          context.square(inputs[0])
        } backward: {
          [$0.gradient]
        }
      }
    }
    #expect(!wrong.violations().isEmpty)
  }

  @Test func narrowTypesHaveGradientsInTheirType() {
    let context = Context(threads: 1)
    for dtype in [DType.f16, .bf16] {
      let p = Self.parameters(context).map { context.cast($0, to: dtype) }
      let wide = p.map { context.cast($0, to: .f64) }
      func loss(_ p: [Tensor]) -> Tensor {
        Self.loss(p.map { context.cast($0, to: p[0].dtype == .f64 ? .f64 : .f32) }, context)
      }
      let (narrow, exact) = (context.gradient(of: p, loss), context.gradient(of: wide, loss))
      for (a, b) in zip(narrow, exact) {
        #expect(a.dtype == dtype)
        #expect(normalizedError(a.doubles(context), b.doubles(context)) < 1e-4)
      }
      let direct = context.gradient(of: [p[0]]) { context.sum(context.gelu(context.softmax($0[0]))) }
      let wanted = context.gradient(of: [wide[0]]) { context.sum(context.gelu(context.softmax($0[0]))) }
      #expect(normalizedError(direct[0].doubles(context), wanted[0].doubles(context)) < 1e-3)
    }
  }

  @Test func crossEntropyIgnoresRowsAndIsZeroWithoutAny() {
    let context = Context(threads: 1)
    let logits = context.tensor([1, 2, 3, 4, 5, 6], [2, 3])
    func run(_ targets: [Double]) -> (Tensor, [Tensor]) {
      context.valueAndGradient(of: [logits]) {
        context.crossEntropy($0[0], context.cast(context.doubles(targets, [2]), to: .i64))
      }
    }
    let (one, gradient) = run([-100, 2])
    #expect(abs(one.doubles(context)[0] - 0.4076059644) < 1e-6)
    #expect(gradient[0].doubles(context)[..<3] == [0, 0, 0])
    let (none, zeros) = run([-100, -100])
    #expect(none.doubles(context) == [0] && zeros[0].doubles(context) == [0, 0, 0, 0, 0, 0])
  }

  @Test func aFailureInTheFunctionLeavesNoTape() {
    struct Failure: Error {}
    let context = Context(threads: 1)
    #expect(throws: Failure.self) {
      _ = try context.gradient(of: [context.full([2], 1)]) { parameters in
        _ = context.exp(parameters[0])
        throw Failure()
      }
    }
    #expect(context.tape == nil)
  }

  @Test func aLossThatIsNoScalarIsRefused() async {
    await #expect(processExitsWith: .failure) {
      let context = Context(threads: 1)
      _ = context.gradient(of: [context.full([2], 1)]) { context.exp($0[0]) }
    }
  }

  @Test func integersHaveNoGradient() async {
    await #expect(processExitsWith: .failure) {
      let context = Context(threads: 1)
      _ = context.gradient(of: [context.full([2], 1, .i64)]) { _ in context.full([], 1) }
    }
  }

  @Test func inPlaceOperatorsRefuseTrackedTensors() async {
    await #expect(processExitsWith: .failure) {
      let context = Context(threads: 1)
      _ = context.gradient(of: [context.full([2], 1)]) { parameters in
        context.scale(parameters[0], by: 2)
        return context.sum(parameters[0])
      }
    }
    await #expect(processExitsWith: .failure) {
      let context = Context(threads: 1)
      _ = context.gradient(of: [context.full([2], 1)]) { parameters in
        let y = context.zeros([2])
        context.accumulate(parameters[0], into: y)
        return context.sum(y)
      }
    }
  }

  @Test func whatHasNoGradientRefusesTrackedTensors() async {
    await #expect(processExitsWith: .failure) {
      let context = Context(threads: 1)
      _ = context.gradient(of: [context.full([2], 1)]) { context.sum(context.topK($0[0], 1).values) }
    }
    await #expect(processExitsWith: .failure) {
      let context = Context(threads: 1)
      _ = context.gradient(of: [context.full([2], 1)]) { parameters in
        context.full([], Double(parameters[0].pointer(as: Float.self)[0]))
      }
    }
  }

  @Test func aGradientOfAnotherShapeIsRefused() async {
    await #expect(processExitsWith: .failure) {
      let context = Context(threads: 1)
      _ = context.gradient(of: [context.full([2], 1)]) { parameters in
        context.differentiable(parameters) {
          context.sum(parameters[0])
        } backward: {
          [$0.gradient]
        }
      }
    }
  }
}
