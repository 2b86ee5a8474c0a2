import Foundation
import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("What optimizers refuse")
struct OptimizerErrorTests {
  private let context = Context(threads: 1)

  private func refusal(_ body: () throws -> Void) -> OptimizerError? {
    do {
      try body()
      return nil
    } catch { return error as? OptimizerError }
  }

  @Test("Settings outside their ranges are named with their value")
  func settings() {
    let weights = context.zeros([2])
    let cases: [(String, any UpdateRule)] = [
      ("SGD.momentum", SGD(momentum: 1)), ("SGD.momentum", SGD(momentum: -0.1)), ("SGD.dampening", SGD(dampening: 2)),
      ("SGD.weightDecay", SGD(weightDecay: .nan)), ("SGD.momentum with nesterov", SGD(nesterov: true)),
      ("SGD.dampening with nesterov", SGD(momentum: 0.9, dampening: 0.5, nesterov: true)),
      ("Adam.beta1", Adam(beta1: 1)), ("Adam.epsilon", Adam(epsilon: 0)), ("AdamW.beta2", AdamW(beta2: -0.5)),
      ("AdamW.beta2", AdamW(beta2: .nan)), ("AdamW.weightDecay", AdamW(weightDecay: -1)),
      ("NAdamW.momentumDecay", NAdamW(momentumDecay: -1)), ("Lion.beta2", Lion(beta2: 1)),
      ("RMSprop.smoothing", RMSprop(smoothing: 1.5)), ("RMSprop.momentum", RMSprop(momentum: 1)),
      ("Adagrad.initialSum", Adagrad(initialSum: -1)), ("Adagrad.rateDecay", Adagrad(rateDecay: .infinity)),
      ("LAMB.weightDecay", LAMB(weightDecay: -1)), ("Adafactor.secondMomentDecay", Adafactor(secondMomentDecay: 0.1)),
      ("Adafactor.clipping", Adafactor(clipping: 0.5)), ("Adafactor.leastScale", Adafactor(leastScale: -1)),
      ("Muon.momentum", Muon(momentum: 1)), ("Muon.iterations", Muon(iterations: 0)),
      ("Muon.coefficients.c", Muon(coefficients: (1, 1, .nan))), ("Shampoo.beta2", Shampoo(beta2: 0)),
      ("Shampoo.blockSize", Shampoo(blockSize: 0)), ("Shampoo.rootInterval", Shampoo(rootInterval: 0)),
      ("Shampoo.epsilon", Shampoo(epsilon: 0)), ("ScheduleFreeAdamW.beta1", ScheduleFreeAdamW(beta1: 0)),
    ]
    for (expected, rule) in cases {
      let found = refusal { _ = try GroupOptimizer([Parameter("w", weights)], rule: rule, context: context) }
      guard case .invalidSetting(let field, let value, _) = found else {
        Issue.record("\(expected): \(String(describing: found))")
        continue
      }
      #expect(field == expected)
      #expect(found.map { "\($0)".contains("\(value)") } == true)
    }
    for scale in [-1, Double.nan, .infinity] {
      let group = ParameterGroup("g", [Parameter("w", weights)], rule: SGD(), rateScale: scale)
      let found = refusal { _ = try GroupOptimizer([group], context: context) }
      if case .invalidSetting("g.rateScale", _, _) = found {} else { Issue.record("\(String(describing: found))") }
    }
  }

  @Test("Parameters that cannot be changed where they lie are refused")
  func parameters() throws {
    func found(_ parameters: [Parameter]) -> OptimizerError? {
      refusal { _ = try GroupOptimizer(parameters, rule: SGD(), context: context) }
    }
    let weights = context.zeros([4, 4])
    func name(_ error: OptimizerError?) -> String? { if case .unusable(let name, _) = error { name } else { nil } }
    #expect(name(found([Parameter("a", weights.transposed())])) == "a")
    #expect(name(found([Parameter("b", context.zeros([2], .f16))])) == "b")
    #expect(name(found([Parameter("", weights)])) == "a parameter")
    #expect(found([Parameter("a", weights), Parameter("a", context.zeros([1]))]) == .duplicateName("a"))
    let shared = found([Parameter("a", weights), Parameter("c", weights.sliced(axis: 0, 1..<2))])
    #expect(shared == .sharedMemory("a", "c"))
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/weights"
    try Data(count: 64).write(to: URL(filePath: path))
    let mapped = try Tensor(storage: Storage(mapping: path), dtype: .f32, shape: [16])
    #expect(name(found([Parameter("m", mapped)])) == "m")
    let groups = [ParameterGroup("g", [], rule: SGD()), ParameterGroup("g", [], rule: SGD())]
    #expect(refusal { _ = try GroupOptimizer(groups, context: context) } == .duplicateName("g"))
  }

  @Test("Wrong gradients and rates are refused before a weight is changed")
  func gradients() throws {
    let parameters = OptimizerSample.parameters(context)
    let optimizer = try GroupOptimizer(parameters, rule: AdamW(), context: context)
    let before = parameters.map(\.value.floats)
    let good = OptimizerSample.gradients(context, step: 0)
    func found(rate: Double = 0.1, _ change: (inout [String: Tensor]) -> Void = { _ in }) -> OptimizerError? {
      var gradients = good
      change(&gradients)
      return refusal { try optimizer.step(gradients, rate: rate) }
    }
    #expect(found { $0["vector"] = nil } == .missingGradient("vector"))
    #expect(found { $0["other"] = good["vector"] } == .unknownGradient("other"))
    #expect(
      found { $0["scalar"] = good["vector"] } == .wrongGradient(name: "scalar", found: [11], expected: []))
    let whole = found { $0["scalar"] = context.zeros([], .i32) }
    if case .unusable("scalar", _) = whole {} else { Issue.record("\(String(describing: whole))") }
    for rate in [-0.1, Double.nan, .infinity] {
      if case .invalidSetting("rate", _, _) = found(rate: rate) {} else { Issue.record("a rate of \(rate)") }
    }
    #expect(parameters.map(\.value.floats) == before && optimizer.stepCount == 0)
    try optimizer.step(good.mapValues { context.cast($0, to: .bf16) }, rate: 0.1)
    #expect(optimizer.stepCount == 1)
  }

  @Test("A saved state that does not fit is refused by entry, and nothing of it is taken over")
  func states() throws {
    let parameters = OptimizerSample.parameters(context)
    let optimizer = try GroupOptimizer(parameters, rule: AdamW(), context: context)
    try optimizer.step(OptimizerSample.gradients(context, step: 0), rate: 0.1)
    let saved = optimizer.state.mapValues(context.copy)
    #expect(saved.count == 9 && saved["matrix.firstMoment"]?.shape == [9, 6])
    let moments = try #require(optimizer.state["vector.firstMoment"]).floats
    func count(_ value: Int) -> Tensor {
      let tensor = context.empty([], .i64)
      tensor.pointer(as: Int64.self)[0] = Int64(value)
      return tensor
    }
    func found(_ change: (inout [String: Tensor]) -> Void) -> OptimizerError? {
      var state = saved.mapValues { $0.dtype == .f32 ? context.zeros($0.shape) : $0 }
      change(&state)
      return refusal { try optimizer.load(state) }
    }
    #expect(found { $0["scalar.secondMoment"] = nil } == .missingState("scalar.secondMoment"))
    #expect(found { $0["step"] = nil } == .missingState("step"))
    #expect(found { $0["vector.momentum"] = context.zeros([11]) } == .unknownState("vector.momentum"))
    #expect(
      found { $0["vector.firstMoment"] = context.zeros([12]) }
        == .wrongState(
          name: "vector.firstMoment", found: [12], foundType: .f32, expected: [11], expectedType: .f32))
    #expect(
      found { $0["vector.firstMoment"] = context.zeros([11], .f16) }
        == .wrongState(
          name: "vector.firstMoment", found: [11], foundType: .f16, expected: [11], expectedType: .f32))
    for value in [-1, .min, .max] {
      #expect(
        found { $0["step"] = count(value) } == .invalidState(name: "step", value: value, expected: "from 0 to 2^53"))
    }
    #expect(optimizer.state["vector.firstMoment"]?.floats == moments && optimizer.stepCount == 1)
    // A large count is one that steps can be taken from.
    try optimizer.load(saved.merging(["step": count(1 << 53)]) { $1 })
    try optimizer.step(OptimizerSample.gradients(context, step: 1), rate: 0.1)
    #expect(parameters.allSatisfy { $0.value.floats.allSatisfy(\.isFinite) })
  }

  @Test("Parameters without elements are no trouble")
  func empty() throws {
    for (label, rule) in OptimizerLawTests.rules {
      let parameters = [Parameter("none", context.zeros([0])), Parameter("flat", context.zeros([3, 0]))]
      let optimizer = try GroupOptimizer(parameters, rule: rule, context: context)
      try optimizer.step(["none": context.zeros([0]), "flat": context.zeros([3, 0])], rate: 0.1)
      #expect(optimizer.stepCount == 1, "\(label)")
      try optimizer.load(optimizer.state.mapValues(context.copy))
    }
  }

  @Test("Clipping refuses limits and gradients that make no sense, and norms that are not finite")
  func clipping() throws {
    let gradients = OptimizerSample.gradients(context, step: 0)
    for limit in [0, -1, Double.nan, .infinity] {
      #expect(refusal { try context.clipGlobalNorm(of: gradients, to: limit) } != nil)
      #expect(refusal { try context.clipValues(of: gradients, to: limit) } != nil)
    }
    let broken = context.full([3], .infinity)
    #expect(refusal { try context.clipGlobalNorm(of: ["g": broken], to: 1) } == .nonFiniteNorm(.infinity))
    #expect(broken.floats == [.infinity, .infinity, .infinity])
    let wide = context.full([2], 1e30)
    #expect(try abs(context.globalNorm(of: ["g": wide]) - 2.0.squareRoot() * 1e30) < 1e24)
    let view = context.zeros([2, 3]).transposed()
    if case .unusable("g", _) = refusal({ _ = try context.globalNorm(of: ["g": view]) }) {
    } else {
      Issue.record("a view with gaps was taken")
    }
  }

  @Test("The norm of gradients is the same for any number of threads")
  func norm() throws {
    var random = Random(seed: 1)
    let values = random.floats(100_003)
    let norms = try [(1, KernelSet.preferred), (2, .preferred), (3, .preferred), (2, .reference)].map {
      let context = Context(threads: $0, kernels: $1)
      return try context.globalNorm(of: ["a": context.tensor(values, [values.count]), "b": context.full([7], 2)])
    }
    #expect(Set(norms).count == 1)
    let exact = (values.reduce(0) { $0 + Double($1) * Double($1) } + 28).squareRoot()
    #expect(abs(norms[0] - exact) < 1e-6 * exact)
  }

  @Test("Accumulated gradients are the mean, by weight, of what was added")
  func accumulation() throws {
    let accumulator = GradientAccumulator(context: context)
    #expect(accumulator.takeMean().isEmpty)
    for round in 0..<2 {
      var exact = [Double](repeating: 0, count: 54)
      var total = 0.0
      for step in 0..<5 {
        let weight = Double(step + 1)
        try accumulator.add(OptimizerSample.gradients(context, step: step + round), weight: weight)
        for (index, value) in OptimizerSample.gradient(0, 54, step: step + round).enumerated() {
          exact[index] += weight * Double(value)
        }
        total += weight
      }
      if round == 1 {
        #expect(refusal { try accumulator.add([:]) } != nil)
        #expect(refusal { try accumulator.add(OptimizerSample.gradients(context, step: 0), weight: 0) } != nil)
        var other = OptimizerSample.gradients(context, step: 0)
        other["new"] = context.zeros([1])
        #expect(refusal { try accumulator.add(other) } == .unknownGradient("new"))
        #expect(accumulator.totalWeight == total)
      }
      let mean = accumulator.takeMean()
      #expect(mean.count == 4)
      #expect(OptimizerSample.error(try #require(mean["matrix"]).floats, exact.map { $0 / total }) <= 1e-6)
    }
  }

  @Test("Averages go on from a saved state to the last bit, and weights come back after evaluation")
  func averages() throws {
    for kind in [WeightAverage.Kind.equal, .exponential(decay: 0.9), .exponential(decay: 0.99, warmsUp: true)] {
      let parameters = OptimizerSample.parameters(context)
      let optimizer = try GroupOptimizer(parameters, rule: SGD(), context: context)
      let average = try WeightAverage(of: parameters, kind, context: context)
      let resumed = try WeightAverage(of: parameters, kind, context: context)
      for step in 0..<6 {
        try optimizer.step(OptimizerSample.gradients(context, step: step), rate: 0.1)
        if step == 3 { try resumed.load(average.state.mapValues(context.copy)) }
        average.update()
        if step >= 3 { resumed.update() }
      }
      #expect(resumed.updateCount == 6)
      let (a, b) = (average.averages.mapValues(\.floats), resumed.averages.mapValues(\.floats))
      #expect(a == b && a["matrix"] != parameters[0].value.floats)
      let trained = parameters.map(\.value.floats)
      average.withAverages { #expect(parameters[0].value.floats == a["matrix"]) }
      #expect(parameters.map(\.value.floats) == trained)
      #expect(refusal { try average.load([:]) } != nil)
    }
    let parameters = OptimizerSample.parameters(context)
    #expect(refusal { _ = try WeightAverage(of: parameters, .exponential(decay: 1.1), context: context) } != nil)
  }
}
