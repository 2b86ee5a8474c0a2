import Costs
import Planner
import Testing

@Suite("Plans of inference")
struct InferencePlanTests {
  private func plan(sequences: Int = 1, past: Int = 1024) throws -> InferencePlan {
    try InferencePlan(
      ModelCatalogue.published.entry("llama-2-7b").shape, on: DeviceCatalogue.published.device("A100-SXM-80GB"),
      prompt: Workload(sequences: sequences, tokens: 1024), past: past)
  }

  @Test func aTokenOfOneSequenceTakesItsBytes() throws {
    let plan = try plan()
    // Weights but those of the embedding, of which one row is read, and the keys and values of 1024 tokens, in 16 bits.
    let weights = Double(6_738_415_616 - 32_000 * 4096)
    let state = Double(2 * 32 * 4096 * 1024)
    let bytes = 2 * (weights + state)
    let least = bytes / 2039e9
    #expect(plan.decode.bound == .memory)
    #expect(plan.decode.seconds > least && plan.decode.seconds < 1.01 * least)
    #expect(plan.tokensPerSecond == 1 / plan.decode.seconds)
  }

  @Test func aPromptTakesItsOperations() throws {
    let plan = try plan()
    #expect(plan.prefill.bound == .compute)
    // Two operations for each weight of the layers and token, and attention over half of the pairs.
    let products = Double(2 * 1024 * 6_476_005_376)
    let attention = Double(4 * 32 * 4096 * 1024 * 1025 / 2)
    let operations = products + attention
    #expect(plan.prefill.seconds > operations / 312e12 && plan.prefill.seconds < 1.1 * operations / 312e12)
  }

  @Test func moreOfWhatBoundsIsWhatHelps() throws {
    let plan = try plan()
    #expect(plan.increments.map(\.resource) == [.memory, .compute])
    let memory = plan.increments[0], compute = plan.increments[1]
    #expect(memory.decodeGain > 1.09 && memory.decodeGain <= 1.1 + 1e-12 && compute.decodeGain < 1.01)
    #expect(compute.prefillGain > 1.05 && memory.prefillGain < 1.05)
  }

  @Test func sequencesShareTheWeights() throws {
    let one = try plan(), many = try plan(sequences: 16)
    #expect(many.tokensPerSecond > 8 * one.tokensPerSecond && many.tokensPerSecond < 16 * one.tokensPerSecond)
    let (few, lot) = (try #require(one.dollarsPerMillionTokens), try #require(many.dollarsPerMillionTokens))
    #expect(lot < few)
  }

  @Test func aFormatThatTheDeviceHasNot() throws {
    let shape = try ModelCatalogue.published.entry("smollm2").shape
    let device = try DeviceCatalogue.published.device("A100")
    #expect(throws: PlannerError.unsupportedPrecision(.fp8, device: device.name)) {
      try InferencePlan(shape, on: device, prompt: Workload(tokens: 1), past: 0, precision: .fp8)
    }
  }
}
