import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

/// Steps, clipping and averages of PyTorch in float64, from the same f32 weights and gradients.
@Suite("Optimizers against PyTorch")
struct GoldenOptimizerTests {
  /// A scalar is measured by itself: RMSprop's comes near zero and keeps the rounding of what it was. PyTorch's own f32 is
  /// up to 1.0e-6 from its float64 there.
  private static func bar(_ rule: String) -> Double { rule == "RMSprop" ? 2e-6 : 1e-6 }

  @Test("All steps, clipped gradients and averages equal the reference")
  func numbers() throws {
    let golden = try GoldenOptimizers.load()
    let numbers = try GoldenOptimizers.numbers()
    let context = Context(threads: 2)
    var at = 0
    func take(_ count: Int) -> [Double] {
      defer { at += count }
      return at + count <= numbers.count ? Array(numbers[at..<at + count]) : []
    }
    #expect(golden.optimizers.count >= 24)
    for (index, item) in golden.optimizers.enumerated() {
      let rule = try #require(item.makeRule(), "\(item.rule)")
      let parameters = OptimizerSample.parameters(context, item.tensors)
      let optimizer = try GroupOptimizer(parameters, rule: rule, context: context)
      var worst = 0.0
      for step in 0..<golden.steps {
        try optimizer.step(
          OptimizerSample.gradients(context, item.tensors, step: step), rate: OptimizerSample.rate(item.rate, step))
        if golden.kept.contains(step + 1) {
          for parameter in parameters {
            let exact = take(parameter.value.count)
            worst = max(worst, OptimizerSample.error(parameter.value.floats, exact))
          }
        }
      }
      #expect(worst <= Self.bar(item.rule), "\(item.rule), case \(index)")
    }
    try clipping(golden, context, take)
    try averages(golden, context, take)
    #expect(at == numbers.count)
  }

  private func clipping(_ golden: GoldenOptimizers, _ context: Context, _ take: (Int) -> [Double]) throws {
    #expect(golden.clipping.count == 3)
    for item in golden.clipping {
      let gradients = OptimizerSample.gradients(context, step: 0)
      if item.kind == "norm" {
        let norm = try context.clipGlobalNorm(of: gradients, to: item.limit)
        #expect(abs(norm - item.norm) <= 1e-6 * item.norm)
      } else {
        try context.clipValues(of: gradients, to: item.limit)
      }
      for (name, shape) in OptimizerSample.shapes {
        let found = try #require(gradients[name])
        #expect(OptimizerSample.error(found.floats, take(shape.count)) <= 1e-6, "\(item) \(name)")
      }
    }
  }

  private func averages(_ golden: GoldenOptimizers, _ context: Context, _ take: (Int) -> [Double]) throws {
    #expect(golden.averages.count == 2)
    for item in golden.averages {
      let parameters = OptimizerSample.parameters(context)
      let average = try WeightAverage(
        of: parameters, item.kind == "equal" ? .equal : .exponential(decay: 0.9), context: context)
      for step in 0..<20 {
        let gradients = OptimizerSample.gradients(context, step: step)
        for (number, parameter) in parameters.enumerated() {
          let count = parameter.value.count
          let change = try #require(gradients[parameter.name])
          let at = parameter.value.pointer(as: Float.self)
          for (index, weight) in OptimizerSample.weights(number, count).enumerated() {
            at[index] = weight + change.pointer(as: Float.self)[index]
          }
        }
        average.update()
      }
      for parameter in parameters {
        let found = try #require(average.averages[parameter.name])
        #expect(OptimizerSample.error(found.floats, take(parameter.value.count)) <= 1e-6, "\(item.kind)")
      }
    }
  }
}
