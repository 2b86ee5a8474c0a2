import Costs
import Planner
import Testing

@Suite("The cost of learning without backpropagation") struct LocalLearningPlanTests {
  private let plan = LocalLearningPlan(inputs: 64, hidden: [1024, 1024, 1024], classes: 10, batch: 256)

  @Test("Products are those of the formulas, layer by layer")
  func arithmetic() {
    let (n, k) = (256.0, 10.0)
    let layers = [(64.0, 1024.0), (1024, 1024), (1024, 1024)]
    // Forward and weights everywhere, inputs from the second layer on, and the readout.
    let back = layers.enumerated().reduce(6 * n * 1024 * k) {
      $0 + ($1.offset == 0 ? 4 : 6) * n * $1.element.0 * $1.element.1
    }
    let mono = layers.reduce(0) { $0 + 4 * n * $1.0 * $1.1 + 6 * n * $1.1 * k }
    let forward = layers.reduce(0) { $0 + 8 * n * $1.0 * $1.1 }
    #expect(plan.arithmetic(.backpropagation) == back)
    #expect(plan.arithmetic(.monoForward) == mono)
    #expect(plan.arithmetic(.forwardForward) == forward)
    // The sheet's own figures: 0.69 for 64 inputs, 0.74 for 784.
    #expect(abs(mono / back - 0.69) < 0.01)
    let wide = LocalLearningPlan(inputs: 784, hidden: [1024, 1024, 1024])
    #expect(abs(wide.arithmetic(.monoForward) / wide.arithmetic(.backpropagation) - 0.74) < 0.01)
  }

  @Test("Backpropagation keeps all activations, the others one layer's")
  func memory() {
    #expect(plan.activationBytes(.backpropagation) == 4 * 256 * 3072)
    #expect(plan.activationBytes(.monoForward) == 4 * 256 * 2048)
    #expect(plan.activationBytes(.forwardForward) == 2 * plan.activationBytes(.monoForward))
  }

  @Test("Where launches are all that counts, the operators are counted")
  func launches() throws {
    let figure = { (value: Double) in Figure(value, source: "test", date: "2026") }
    let device = Device(
      name: "endless", compute: [.f32: figure(1e30)], memory: figure(1e12), bandwidth: figure(1e30))
    for rule in LocalLearningPlan.Rule.allCases {
      let seconds = try plan.seconds(rule, on: device, .plain, launch: 1)
      #expect(seconds == Double(plan.step(rule).operators.count))
    }
  }
}
