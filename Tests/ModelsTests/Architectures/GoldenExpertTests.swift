import Models
import Tensors
import Testing
import VenturiTesting

/// Models with experts and with latent attention: what changes no bit, and that their memory is reckoned.
@Suite struct GoldenExpertTests {
  static let names = ["mixtral", "qwen2_moe", "qwen3_moe", "olmoe", "deepseek_v2", "deepseek_v3"]

  @Test(arguments: names) func nothingAroundASequenceChangesItsBits(_ name: String) throws {
    try GoldenDecoderTests().nothingAroundASequenceChangesItsBits(name)
  }

  @Test(arguments: names) func memoryNeedsAreReckoned(_ name: String) throws {
    let golden = try GoldenArchitecture(name)
    for compute in ComputeMode.allCases {
      for stepTokens in [1, 24, 64] {
        var options = LoadOptions(compute: compute, stepTokens: stepTokens)
        options.logitRows = stepTokens
        try MemoryNeedTests.check(
          Checkpoint(path: golden.path), options: options, threads: 2, kernels: .preferred, margin: 2,
          "\(name), \(compute), steps of \(stepTokens)")
      }
    }
  }
}
