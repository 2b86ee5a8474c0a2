import Testing
import Venturi
import VenturiTesting

@Suite struct StepBudgetTests {
  private static func budget(_ target: Double, stateBytes: Int = 100) -> StepBudget {
    let description = ModelDescription(
      name: "", architecture: "", vocabularySize: 100, contextLength: 1 << 20, layers: 30, width: 576, heads: 9,
      kvHeads: 3, headDim: 64, feedForward: 1536, parameters: 134_000_000, weightBytes: 0, weightTypes: "",
      stateBytesPerToken: stateBytes)
    return StepBudget(target: target, model: description)
  }

  @Test(
    "Steps come to last what they should, whatever a machine takes for weights and for each unit",
    arguments: [0.0, 0.01, 0.03], [1e-5, 1e-4, 5e-4])
  func stepsComeToTheTarget(weights: Double, unit: Double) {
    for depth in [0, 6000] {
      var budget = Self.budget(0.08)
      var seconds = 0.0
      for _ in 0..<40 {
        let tokens = max(StepBudget.leastTokens, budget.tokens(for: budget.units, after: depth, limit: 100_000))
        let units = budget.units(tokens, after: depth)
        seconds = weights + unit * units
        budget.learn(units: units, seconds: seconds)
      }
      let shortest = weights + unit * budget.units(StepBudget.leastTokens, after: depth)
      #expect(abs(seconds - max(0.08, shortest)) < 0.012, "\(seconds)")
    }
  }

  @Test func depthCostsOnlyWhereTheStateGrows() {
    let (attention, recurrence) = (Self.budget(1), Self.budget(1, stateBytes: 0))
    #expect(attention.units(10, after: 6000) > 2 * attention.units(10, after: 0))
    #expect(recurrence.units(10, after: 6000) == 10)
    #expect(attention.tokens(for: .infinity, after: 5, limit: 7) == 7)
    #expect(attention.tokens(for: -1, after: 5, limit: 7) == 0)
  }
}
