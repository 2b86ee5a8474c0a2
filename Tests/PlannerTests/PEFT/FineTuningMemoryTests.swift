import Costs
import Planner
import Testing

@Suite("Memory of fine-tuning")
struct FineTuningMemoryTests {
  private static func shape(_ name: String) throws -> TransformerShape {
    try ModelCatalogue.published.entry(name).shape
  }

  /// Weights of the seven matrices' changes of rank 1 in a block, counted by hand.
  private static let rankOne = [
    // q, k, v and o of 4096; gate, up and down between 4096 and 11008.
    ("llama-2-7b", 32, 4 * (4096 + 4096) + 3 * (4096 + 11008), 6_738_415_616),
    ("llama-2-13b", 40, 4 * (5120 + 5120) + 3 * (5120 + 13824), 13_015_864_320),
    // Keys and values of 1024.
    ("llama-2-70b", 80, 2 * (8192 + 8192) + 2 * (8192 + 1024) + 3 * (8192 + 28672), 68_976_648_192),
  ]

  @Test("Weights, gradients and Adam of 7 to 70 billion are their closed forms", arguments: rankOne)
  func states(_ name: String, _ layers: Int, _ rankOne: Int, _ parameters: Int) throws {
    let shape = try Self.shape(name)
    let full = try FineTuningMemory(shape, .full, sequences: 1, tokens: 512)
    #expect(full.trained == parameters)
    #expect(full.weights + full.gradients + full.optimizer == 16 * Double(parameters))
    let lora = try FineTuningMemory(
      shape, .lowRank(rank: 8), base: .whole(bytes: 2), sequences: 1, tokens: 512)
    #expect(lora.trained == 8 * layers * rankOne)
    #expect(lora.weights == 2 * Double(parameters) + 4 * Double(lora.trained))
    #expect(lora.gradients + lora.optimizer == 12 * Double(lora.trained))
    let packed = try FineTuningMemory(shape, .lowRank(rank: 8), base: .nf4, sequences: 1, tokens: 512)
    // Embedding and head in 16 bits, norms in 32, the rest in 4.127.
    let outside = 2 * 32000 * shape.width
    let norms = (2 * layers + 1) * shape.width
    let expected =
      4.127 / 8 * Double(parameters - outside - norms) + 2 * Double(outside) + 4 * Double(norms)
      + 4 * Double(lora.trained)
    #expect(abs(packed.weights / expected - 1) < 1e-4)
    #expect(packed.activations == lora.activations)
  }

  @Test("Activations are what operators keep, counted by hand") func activations() throws {
    let shape = try TransformerShape(
      name: "small", layers: 3, width: 64, heads: 4, kvHeads: 2, headDim: 16, feedForward: 128, gated: true,
      vocabulary: 100, tied: true, biased: false, positions: .rotary)
    func numbers(_ method: FineTuningMemory.Method) throws -> Double {
      let need = try FineTuningMemory(shape, method, sequences: 2, tokens: 5)
      return (need.activations - 240) / 40
    }
    // Four times the width, 64 + 64 of the projection, 64 + 32 turned, 64 that the heads give and 4 logarithms, 3 · 128.
    let block = 256.0 + 128 + 96 + 64 + 4 + 384
    #expect(try numbers(.full) == 3 * block + 192 + 640)
    #expect(try numbers(.lowRank(rank: 2)) == 3 * (block + 14) - 64 + 192)
    // Without changes there, linear layers keep nothing: the second norm's output and the inner elements are not needed.
    #expect(try numbers(.lowRank(rank: 2, of: [.query, .value])) == 3 * (block - 64 - 128 + 4) - 64 + 192)
    // Two rungs of width 16: blocks of 4 heads of 4 with an inner width of 32.
    let side = 64.0 + 48 + 32 + 16 + 4 + 96
    #expect(try numbers(.ladder(width: 16, every: 2)) == 2 * (64 + 16 + side) + 64 + 32 + 192)
  }

  @Test("A model without gates has six matrices, and one whose places are learned turns nothing") func plain() throws {
    let shape = try TransformerShape(
      name: "plain", layers: 1, width: 8, heads: 2, kvHeads: 2, headDim: 4, feedForward: 32, gated: false,
      vocabulary: 10, tied: true, biased: true, positions: .learned(16))
    let all = try FineTuningMemory(shape, .lowRank(rank: 2), sequences: 1, tokens: 1)
    #expect(all.trained == 2 * (4 * 16 + 2 * 40))
    #expect((all.activations - 24) / 4 == 32 + 24 + 8 + 2 + 64 + 12 - 8 + 24)
    #expect(throws: PlannerError.invalid(field: "targets", problem: "plain has no gate_proj")) {
      try FineTuningMemory(shape, .lowRank(rank: 2, of: [.gate]), sequences: 1, tokens: 1)
    }
  }

  @Test("Less is trained, less is needed") func order() throws {
    let shape = try Self.shape("llama-2-7b")
    let full = try FineTuningMemory(shape, .full, sequences: 4, tokens: 512)
    let lora = try FineTuningMemory(shape, .lowRank(rank: 8), sequences: 4, tokens: 512)
    let packed = try FineTuningMemory(shape, .lowRank(rank: 8), base: .nf4, sequences: 4, tokens: 512)
    let ladder = try FineTuningMemory(shape, .ladder(width: 512), base: .nf4, sequences: 4, tokens: 512)
    #expect(full.total > lora.total && lora.total > packed.total && packed.total > ladder.total)
    #expect(ladder.activations < 0.5 * lora.activations)
    let device = try DeviceCatalogue.published.device("A100-SXM-80GB")
    #expect(!full.fits(device) && packed.fits(device))
  }

  @Test("The published figures of LLaMA-65B") func published() throws {
    let predictions = try FineTuningMemory.predictions()
    #expect(predictions.count == 2 && predictions.allSatisfy { $0.met && !$0.isEvidence })
    #expect(predictions.allSatisfy { abs($0.error) < abs($0.plainError) })
  }

  @Test(
    "What cannot be is refused with its field",
    arguments: [
      ("sequences", FineTuningMemory.Method.full, 0, 1), ("tokens", .full, 1, 1 << 40),
      ("rank", .lowRank(rank: 0), 1, 1), ("rank", .lowRank(rank: 193), 1, 1),
      ("targets", .lowRank(rank: 1, of: []), 1, 1),
      ("width", .ladder(width: 7), 1, 1), ("width", .ladder(width: 1 << 40), 1, 1),
      ("every", .ladder(width: 8, every: 31), 1, 1), ("every", .ladder(width: 8, every: 0), 1, 1),
    ])
  func refused(_ field: String, _ method: FineTuningMemory.Method, _ sequences: Int, _ tokens: Int) throws {
    let shape = try Self.shape("smollm2")
    let error = #expect(throws: PlannerError.self) {
      try FineTuningMemory(shape, method, sequences: sequences, tokens: tokens)
    }
    guard case .invalid(field, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(throws: PlannerError.self) {
      try FineTuningMemory(shape, .full, base: .whole(bytes: .nan), sequences: 1, tokens: 1)
    }
  }
}
