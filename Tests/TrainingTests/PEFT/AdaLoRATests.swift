import Formats
import Tensors
import Testing
import Training

@Suite("AdaLoRA")
struct AdaLoRATests {
  private static let budget = AdaLoRABudget(
    rank: 4, finalRank: 2, steps: 12, warmUp: 2, final: 3, every: 1, beta1: 0.8, beta2: 0.7)
  private static let targets = 14

  private func kept(_ model: AdaptedGPT) -> [Float] {
    model.buffers.first { $0.name == "adalora.kept" }?.value.floats ?? []
  }

  @Test("The budget is b0, then falls with a cube, then is bT") func budget() {
    let budget = AdaLoRABudget(rank: 12, finalRank: 8, steps: 100, warmUp: 10, final: 30)
    #expect(budget.triplets(after: 1, targets: 10) == 120 && budget.triplets(after: 10, targets: 10) == 120)
    // Half of the way from 120 to 80 is an eighth above 80.
    #expect(budget.triplets(after: 40, targets: 10) == 85)
    #expect(budget.triplets(after: 70, targets: 10) == 80 && budget.triplets(after: 1000, targets: 10) == 80)
    let all = (1...100).map { budget.triplets(after: $0, targets: 10) }
    #expect(zip(all, all.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test("After each step b(t) triplets are left, the most important ones by the paper's formula in Double")
  func importance() throws {
    let sample = try AdapterSample([AdapterConfiguration(.adaLoRA(Self.budget, alpha: 8))])
    let (model, context) = (sample.model, sample.context)
    let optimizer = try GroupOptimizer(model.parameters, rule: AdamW(weightDecay: 0), context: context)
    var step = try TrainingStep(model, optimizer, context: context)
    let batch = try AdapterSample.batch()
    var sensitivity: [String: [Double]] = [:]
    var uncertainty: [String: [Double]] = [:]
    let names = model.parameters.map(\.name).filter { $0.hasSuffix("lora_E") }.map { String($0.dropLast(6)) }
    #expect(names.count == Self.targets)
    for number in 1...12 {
      // The gradients of the step, at the weights before it.
      let values = model.parameters.map(\.value)
      let gradients = try context.gradient(of: values) { weights in
        let pass = Pass(
          .training, weights: weights, buffers: model.buffers.map(\.value), batch: number - 1, context: context)
        return try model.loss(of: batch, pass)
      }
      for (parameter, gradient) in zip(model.parameters, gradients) {
        let products = zip(parameter.value.floats, gradient.floats).map { abs(Double($0) * Double($1)) }
        let zeros = [Double](repeating: 0, count: products.count)
        let smooth = zip(sensitivity[parameter.name] ?? zeros, products).map { 0.8 * $0 + 0.2 * $1 }
        uncertainty[parameter.name] = zip(uncertainty[parameter.name] ?? zeros, zip(smooth, products)).map {
          0.7 * $0 + 0.3 * abs($1.1 - $1.0)
        }
        sensitivity[parameter.name] = smooth
      }
      _ = try step([batch], rate: 0.02)
      let count = Self.budget.triplets(after: number, targets: Self.targets)
      #expect(kept(model).reduce(0, +) == Float(count), "step \(number)")
      func product(_ name: String) -> [Double] {
        zip(sensitivity[name] ?? [], uncertainty[name] ?? []).map { $0 * $1 }
      }
      var importance: [Double] = []
      for name in names {
        let (left, own, right) = (product(name + "lora_B"), product(name + "lora_E"), product(name + "lora_A"))
        let (rows, columns) = (left.count / 4, right.count / 4)
        for k in 0..<4 {
          let ofLeft = (0..<rows).reduce(0.0) { $0 + left[4 * $1 + k] } / Double(rows)
          let ofRight = (0..<columns).reduce(0.0) { $0 + right[k * columns + $1] } / Double(columns)
          importance.append(own[k] + ofLeft + ofRight)
        }
      }
      let limit = importance.sorted(by: >)[count - 1]
      if number > 2 {
        for (index, mask) in kept(model).enumerated() where abs(importance[index] - limit) > 1e-4 * limit {
          #expect((mask == 1) == (importance[index] > limit), "step \(number), triplet \(index)")
        }
      }
      // Dropped triplets are zero.
      let values2 = model.parameters.filter { $0.name.hasSuffix("lora_E") }.flatMap(\.value.floats)
      #expect(zip(values2, kept(model)).allSatisfy { $1 == 1 || $0 == 0 }, "step \(number)")
    }
    // What is passed on has the triplets that are left, and no others.
    let adapter = try #require(try model.lowRankAdapter(baseName: nil, baseHash: nil))
    #expect(adapter.targets.reduce(0) { $0 + $1.rank } == 2 * Self.targets)
  }

  @Test("A run that was interrupted goes on as if it had not been") func resumption() throws {
    let batch = try AdapterSample.batch()
    func make() throws -> (AdapterSample, any Optimizer) {
      let sample = try AdapterSample([AdapterConfiguration(.adaLoRA(Self.budget, alpha: 8))])
      return (sample, try GroupOptimizer(sample.model.parameters, rule: AdamW(), context: sample.context))
    }
    func run(_ sample: AdapterSample, _ optimizer: any Optimizer, _ count: Int) throws -> [[Float]] {
      var step = try TrainingStep(sample.model, optimizer, context: sample.context)
      step.batches = optimizer.stepCount
      for _ in 0..<count { _ = try step([batch], rate: 0.02) }
      return (sample.model.parameters + sample.model.buffers).map(\.value.floats)
    }
    let (whole, wholeOptimizer) = try make()
    let expected = try run(whole, wholeOptimizer, 9)
    let (first, firstOptimizer) = try make()
    _ = try run(first, firstOptimizer, 5)
    let (second, secondOptimizer) = try make()
    try secondOptimizer.load(firstOptimizer.state)
    for (from, to) in zip(
      first.model.parameters + first.model.buffers, second.model.parameters + second.model.buffers)
    {
      to.value.pointer(as: Float.self).update(from: from.value.floats, count: from.value.count)
    }
    #expect(try run(second, secondOptimizer, 4) == expected)
  }
}
