import Foundation
import Models
import NumericTypes
import Tensors
import Testing
import Text
import Training
import VenturiTesting

@Suite("Models from checkpoints")
struct CheckpointModelTests {
  /// The logits of Models' own forward, in f32.
  private func reference(_ checkpoint: Checkpoint, _ tokens: [TokenID], _ context: Context) throws -> [Float] {
    let loaded = try ModelLoader.load(checkpoint, options: LoadOptions(compute: .f32), context: context)
    let state = try loaded.model.makeState(capacity: tokens.count)
    let batch = Models.TokenBatch([.init(state: state, tokens: tokens, logits: .all)])
    return try loaded.model.evaluate(batch, isCancelled: { false }).values.floats
  }

  /// The logits and the loss of the trainable model beside those of Models' own forward.
  private struct Comparison {
    var model: GPT
    var difference: Float = 0
    var scale: Float = 0
    var loss = 0.0
    /// What the loss is by the other's logits.
    var expected = 0.0
  }

  /// -log of the softmax of logits at a place, in Double.
  private static func entropy(of row: ArraySlice<Float>, target: Int) -> Double {
    let largest = Double(row.max() ?? 0)
    var total: Double = 0
    for logit in row { total += exp(Double(logit) - largest) }
    return largest + log(total) - Double(row[row.startIndex + target])
  }

  private func compare(_ path: String, tokens: [TokenID], storage: DType = .f32) throws -> Comparison {
    let context = Context(threads: 2)
    let checkpoint = try Checkpoint(path: path)
    let expected = try reference(checkpoint, Array(tokens.dropLast()), context)
    let model = try GPT(checkpoint, length: tokens.count, storage: storage, context: context)
    let row = TokenSequence(
      inputs: Array(tokens.dropLast()), targets: Array(tokens.dropFirst()), sequenceStarts: [0])
    let batch = try Training.TokenBatch([row])
    let pass = ModelTrial(model: model, batch: batch, context: context).evaluation()
    let found = try model.logits(batch, pass).floats
    #expect(found.count == expected.count)
    let width = model.configuration.vocabulary
    var sum = 0.0
    for (index, target) in row.targets.enumerated() {
      sum += Self.entropy(of: expected[(index * width)...].prefix(width), target: Int(target))
    }
    var comparison = Comparison(model: model)
    for (a, b) in zip(found, expected) {
      comparison.difference = max(comparison.difference, abs(a - b))
      comparison.scale = max(comparison.scale, abs(b))
    }
    comparison.loss = Double(try model.loss(of: batch, pass).floats[0])
    comparison.expected = sum / Double(row.targets.count)
    return comparison
  }

  @Test("A quantised file's logits and loss are those of the engine's own forward")
  func tiny() throws {
    let tokens = (0..<90).map { (place: Int) -> TokenID in TokenID((place * 37 + place * place) % 288) }
    for name in ["q4_k_m", "q5_k_s"] {
      let path = GoldenFiles.url("tiny/\(name).gguf.bin").path()
      let found = try compare(path, tokens: tokens)
      #expect(found.difference <= 1e-4 * found.scale, "\(name)")
      #expect(abs(found.loss - found.expected) <= 1e-5 * found.expected, "\(name)")
      #expect(found.model.configuration.kvHeads == 2)
      #expect(found.model.configuration.positions == GPTConfiguration.Positions.rotary(base: 500000))
      let narrow = try compare(path, tokens: tokens, storage: .bf16)
      #expect(abs(narrow.loss - found.loss) <= 0.02 * found.loss, "\(name)")
      let matrices = narrow.model.parameters.filter { $0.value.dtype == DType.bf16 }
      #expect(matrices.count == 1 + 5 * 2)
    }
  }

  @Test("SmolLM2's logits and loss are those of the engine's own forward")
  func real() throws {
    struct Fixture: Decodable {
      struct Case: Decodable {
        var promptIds: [TokenID]
        var greedyIds: [TokenID]
      }
      var cases: [Case]
    }
    let fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: GoldenFiles.url("logprobs/q4_1.json")))
    let tokens = try #require(fixture.cases.first.map { $0.promptIds + $0.greedyIds })
    let found = try compare(GoldenFiles.defaultModel(), tokens: tokens)
    #expect(found.difference <= 1e-3, "\(found.difference) of \(found.scale)")
    #expect(abs(found.loss - found.expected) <= 1e-5 * found.expected)
    #expect(found.model.parameters.reduce(0) { $0 + $1.value.count } == 134_515_008)
  }

  @Test("A model of another make, or a row beyond its context, is refused with the field's name")
  func refusals() throws {
    let context = Context(threads: 1)
    func refused(_ name: String, _ field: String, length: Int? = nil) throws {
      let checkpoint = try Checkpoint(path: GoldenFiles.url(name).path())
      #expect { try GPT(checkpoint, length: length, context: context) } throws: { error in
        "\(error)".contains(field)
      }
    }
    try refused("architectures/llama3", "llama.attention.key_length")
    try refused("architectures/llama_linear", "llama.rope.scaling.type")
    try refused("architectures/gemma2", "general.architecture")
    try refused("tiny/q4_k_m.gguf.bin", "length: 513", length: 513)
  }
}
