import Costs
import Planner
import Testing

@Suite("Memory of inference")
struct InferenceMemoryTests {
  @Test func llama2Of70BillionAsItsSizesSay() throws {
    let shape = try ModelCatalogue.published.entry("llama2_70b").shape
    // 80 × (2 · 8192² + 2 · 8192 · 1024 + 3 · 8192 · 28672 + 2 · 8192) + 2 · 32000 · 8192 + 8192
    #expect(shape.parameters == 68_976_648_192)
    let need = try InferenceMemory(
      shape, weightBytes: 2, stateBytes: 2, sequences: 4, tokens: 4096, stepTokens: 512)
    #expect(need.weights == 2 * 68_976_648_192)
    // 2 · 80 layers · 8 heads · 128 · 2 bytes
    #expect(need.statePerToken == 327_680)
    #expect(need.state == 327_680 * 4 * 4096)
    let device = try DeviceCatalogue.published.device("H200")
    #expect(need.mostSequences(of: 4096, on: device) == 0, "140 GB of weights leave nothing of 0.9 × 141 GB")
    let quantized = try InferenceMemory(
      shape, weightBytes: 0.5625, stateBytes: 2, sequences: 1, tokens: 4096, stepTokens: 1)
    let most = quantized.mostSequences(of: 4096, on: device)
    let used = quantized.weights + quantized.activations + Double(most) * 4096 * 327_680
    #expect(used <= 0.9 * device.memory.value && used + 4096 * 327_680 > 0.9 * device.memory.value)
  }

  @Test func smolLM2HasTheParametersOfItsFile() throws {
    #expect(try ModelCatalogue.published.entry("SmolLM2 135M").shape.parameters == 134_515_008)
  }

  @Test func keysOfNoBytesFitWithoutEnd() throws {
    let shape = try ModelCatalogue.published.entry("smollm2").shape
    let need = try InferenceMemory(
      shape, weightBytes: 2, stateBytes: 1e-320, sequences: 1, tokens: 1, stepTokens: 1)
    #expect(need.mostSequences(of: 1, on: try DeviceCatalogue.published.device("A100")) == 1_000_000_000_000_000)
  }

  @Test func aNameThatIsNone() {
    let error = #expect(throws: PlannerError.self) { try ModelCatalogue.published.entry("Llama-2-7C") }
    guard case .unknownModel("Llama-2-7C", let nearest) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(nearest.first == "Llama-2-7B")
  }

  @Test(arguments: [(0, 1, 2.0), (1, 0, 2.0), (1, 1, 0.0), (1, 1, .nan), (1 << 40, 1, 2.0)])
  func whatIsNoNeed(_ sequences: Int, _ tokens: Int, _ bytes: Double) throws {
    let shape = try ModelCatalogue.published.entry("smollm2").shape
    #expect(throws: PlannerError.self) {
      try InferenceMemory(
        shape, weightBytes: bytes, stateBytes: 2, sequences: sequences, tokens: tokens, stepTokens: 1)
    }
  }
}
