import Foundation
import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

/// Rules that PyTorch lacks, against the papers' formulas in Double.
@Suite("Optimizers against their formulas")
struct PlainOptimizerTests {
  /// 50 steps of both; the largest error of the last weights.
  private func error(
    _ rule: any UpdateRule, _ names: [String], rate: Double, _ plain: (Shape) -> any PlainOptimizer,
    evaluated: ((any PlainOptimizer) -> [Double])? = nil
  ) throws -> Double {
    let context = Context(threads: 2)
    let parameters = OptimizerSample.parameters(context, names)
    let optimizer = try GroupOptimizer(parameters, rule: rule, context: context)
    var others = parameters.map { plain($0.value.shape) }
    var weights = parameters.map { $0.value.floats.map(Double.init) }
    for step in 0..<50 {
      let gradients = OptimizerSample.gradients(context, names, step: step)
      let now = OptimizerSample.rate(rate, step)
      try optimizer.step(gradients, rate: now)
      for (index, parameter) in parameters.enumerated() {
        let gradient = try #require(gradients[parameter.name]).floats.map(Double.init)
        others[index].step(&weights[index], gradient, rate: now, step + 1)
      }
    }
    var worst = 0.0
    for (index, parameter) in parameters.enumerated() {
      worst = max(worst, OptimizerSample.error(parameter.value.floats, weights[index]))
    }
    if let evaluated {
      optimizer.withEvaluationWeights {
        for (index, parameter) in parameters.enumerated() {
          worst = max(worst, OptimizerSample.error(parameter.value.floats, evaluated(others[index])))
        }
      }
    }
    return worst
  }

  private let all = OptimizerSample.shapes.map(\.name)

  @Test("Lion")
  func lion() throws {
    #expect(try error(Lion(weightDecay: 0.1), all, rate: 0.01) { _ in PlainLion(0.9, 0.99, 0.1) } <= 1e-6)
    #expect(try error(Lion(beta1: 0.5, beta2: 0.9), all, rate: 0.01) { _ in PlainLion(0.5, 0.9, 0) } <= 1e-6)
  }

  @Test("LAMB")
  func lamb() throws {
    #expect(try error(LAMB(weightDecay: 0.1), all, rate: 0.01) { _ in PlainLAMB(0.1) } <= 1e-6)
    #expect(try error(LAMB(weightDecay: 0), all, rate: 0.01) { _ in PlainLAMB(0) } <= 1e-6)
  }

  @Test("NAdamW as AlgoPerf has it")
  func nadamw() throws {
    #expect(try error(NAdamW(weightDecay: 0.1), all, rate: 0.01) { _ in PlainNAdamW(0.1) } <= 1e-6)
  }

  @Test("Schedule-free AdamW, and the mean that is evaluated")
  func scheduleFree() throws {
    let found = try error(ScheduleFreeAdamW(weightDecay: 0.1), all, rate: 0.01) { _ in
      PlainScheduleFree(0.9, 0.999, 0.1)
    } evaluated: {
      ($0 as? PlainScheduleFree)?.x ?? []
    }
    #expect(found <= 1e-6)
  }

  /// Statistics gathered in f32 would be off by 5e-3 here: their small eigenvalues are lost.
  @Test("Shampoo, whole and in blocks", arguments: [1.0, 0.95], [4, 16])
  func shampoo(_ beta2: Double, _ block: Int) throws {
    for grafting in [Shampoo.Grafting.none, .gradient] {
      let rule = Shampoo(
        momentum: 0.9, beta2: beta2, epsilon: 1e-6, weightDecay: 0.1, blockSize: block, rootInterval: 4,
        grafting: grafting)
      let found = try error(rule, ["matrix", "wide"], rate: 0.01) { shape in
        PlainShampoo(
          shape[0], shape[1], block: block, interval: 4, beta2: beta2, epsilon: 1e-6, momentum: 0.9, decay: 0.1,
          graftsGradient: grafting == .gradient)
      }
      #expect(found <= 1e-6, "\(grafting)")
    }
  }

  @Test("Muon's steps are near to orthogonal, as Newton–Schulz leaves them")
  func orthogonal() throws {
    let context = Context(threads: 2)
    for shape in [[40, 24], [24, 40], [12, 16], [1, 9]] as [Shape] {
      let weights = context.zeros(shape)
      let rule = Muon(nesterov: false, weightDecay: 0)
      let optimizer = try GroupOptimizer([Parameter("w", weights)], rule: rule, context: context)
      var random = Random(seed: 2)
      try optimizer.step(["w": context.normal(shape, random: &random)], rate: 1)
      let scale = max(1, Double(shape[0]) / Double(shape[1])).squareRoot()
      let step = weights.floats.map { Double($0) / scale }
      let rows = (0..<shape[0]).map { Array(step[$0 * shape[1]..<($0 + 1) * shape[1]]) }
      let short = shape[0] <= shape[1] ? rows : PlainShampoo.transposed(rows)
      let gram = PlainShampoo.product(short, PlainShampoo.transposed(short))
      let root = PlainShampoo.power(gram, 0.5)
      let inverse = PlainShampoo.power(gram, -0.5)
      // The largest eigenvalue, from a high power.
      func norm(_ a: [[Double]]) -> Double {
        var b = a
        for _ in 0..<8 { b = PlainShampoo.product(b, b) }
        return pow(b.map { $0.reduce(0) { $0 + abs($1) } }.max() ?? 0, 1.0 / 256)
      }
      #expect(norm(root) < 1.25 && norm(inverse) < 1 / 0.65, "\(shape)")
    }
  }

  @Test("Sharpness-aware steps take the gradient where the loss is highest nearby")
  func sharpnessAware() throws {
    let context = Context(threads: 2)
    // f(w) = Σ cᵢ wᵢ² / 2.
    let c: [Double] = (0..<33).map { 0.1 + 0.2 * Double($0) }
    let start = OptimizerSample.weights(0, 33)
    let weights = context.tensor(start, [33])
    let base = try GroupOptimizer([Parameter("w", weights)], rule: SGD(momentum: 0.5), context: context)
    let optimizer = try SharpnessAware(base, radius: 0.1, context: context)
    var calls = 0
    for _ in 0..<50 {
      try optimizer.step(rate: 0.05) {
        calls += 1
        return ["w": context.tensor(weights.floats.enumerated().map { Float(c[$0]) * $1 }, [33])]
      }
    }
    #expect(calls == 100 && optimizer.stepCount == 50)
    var w = start.map(Double.init)
    var m = w.map { _ in 0.0 }
    for step in 0..<50 {
      let g = zip(c, w).map { $0 * $1 }
      let norm = sqrt(g.reduce(0) { $0 + $1 * $1 })
      for i in w.indices {
        let gradient = c[i] * (w[i] + 0.1 * g[i] / (norm + 1e-12))
        m[i] = step == 0 ? gradient : 0.5 * m[i] + gradient
      }
      for i in w.indices { w[i] -= 0.05 * m[i] }
    }
    #expect(OptimizerSample.error(weights.floats, w) <= 1e-5)

    // A gradient that cannot be had leaves weights and state as they were.
    struct Lost: Error {}
    let before = weights.floats
    var asked = 0
    #expect(throws: Lost.self) {
      try optimizer.step(rate: 0.05) {
        asked += 1
        if asked == 2 { throw Lost() }
        return ["w": context.full([33], 1)]
      }
    }
    #expect(weights.floats == before && optimizer.stepCount == 50)
  }

  @Test("Schedule-free weights are back after evaluation, whatever happens")
  func evaluation() throws {
    let context = Context(threads: 1)
    let parameters = OptimizerSample.parameters(context)
    let optimizer = try GroupOptimizer(parameters, rule: ScheduleFreeAdamW(), context: context)
    for step in 0..<3 { try optimizer.step(OptimizerSample.gradients(context, step: step), rate: 0.1) }
    let trained = parameters.map(\.value.floats)
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try optimizer.withEvaluationWeights {
        #expect(parameters.map(\.value.floats) != trained)
        throw Stop()
      }
    }
    #expect(parameters.map(\.value.floats) == trained)
  }
}
