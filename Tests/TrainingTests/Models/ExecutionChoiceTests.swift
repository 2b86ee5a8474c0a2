import Tensors
import Testing
import Training
import VenturiTesting

/// Other ways of computing the same.
@Suite("Composed attention and blocks computed again")
struct ExecutionChoiceTests {
  /// Three documents in two rows.
  private static func batch() throws -> TokenBatch {
    func row(_ start: Int32, _ starts: [Int]) -> TokenSequence {
      let tokens = (0..<17).map { (start + 7 * Int32($0)) % 60 }
      return TokenSequence(inputs: Array(tokens.dropLast()), targets: Array(tokens.dropFirst()), sequenceStarts: starts)
    }
    return try TokenBatch([row(3, [0, 5]), row(11, [0])])
  }

  private static func run(
    _ configuration: GPTConfiguration, _ choice: ExecutionChoice, adapters: [AdapterConfiguration] = []
  ) throws -> (loss: Float, gradients: [[Float]]) {
    let context = Context(threads: 2)
    let base = try GPT(configuration, seed: 4, context: context)
    func found<Model: TrainableModel>(_ model: Model, _ batch: Model.Batch) throws -> (Float, [[Float]]) {
      let (value, gradients) = try context.valueAndGradient(of: model.parameters.map(\.value)) { weights in
        let pass = Pass(.training, weights: weights, buffers: model.buffers.map(\.value), context: context)
        pass.execution = choice
        return try model.loss(of: batch, pass)
      }
      return (value.floats[0], gradients.map(\.floats))
    }
    if adapters.isEmpty { return try found(base, batch()) }
    // Prefixes want rows of one sequence.
    let rows = try batch()
    let whole = try TokenBatch(
      (0..<rows.rows).map { row in
        let range = row * rows.length..<(row + 1) * rows.length
        return TokenSequence(
          inputs: Array(rows.inputs[range]), targets: Array(rows.targets[range]), sequenceStarts: [0])
      })
    return try found(AdaptedGPT(base, adapters, seed: 2, context: context), whole)
  }

  private static let sizes: [GPTConfiguration] = [
    .llama(vocabulary: 60, length: 16, layers: 2, width: 24, heads: 6, kvHeads: 2, hidden: 40),
    GPTConfiguration(vocabulary: 60, length: 16, layers: 2, width: 24, heads: 3, dropout: 0.1),
  ]

  private static func difference(_ a: [[Float]], _ b: [[Float]]) -> Float {
    zip(a, b).reduce(0) { worst, pair in
      let scale = pair.1.reduce(1e-6) { max($0, abs($1)) }
      return zip(pair.0, pair.1).reduce(worst) { max($0, abs($1.0 - $1.1) / scale) }
    }
  }

  @Test("Composed attention is the fused one, in packed rows too", arguments: [0, 1])
  func composed(_ index: Int) throws {
    let fused = try Self.run(Self.sizes[index], ExecutionChoice())
    let composed = try Self.run(Self.sizes[index], ExecutionChoice(composesAttention: true))
    #expect(abs(composed.loss / fused.loss - 1) < 1e-5)
    #expect(Self.difference(composed.gradients, fused.gradients) < 1e-3)
    #expect(composed.gradients != fused.gradients)
  }

  @Test("Composed attention behind prefixes")
  func prefixes() throws {
    let adapters = [AdapterConfiguration(.prefix(count: 3)), AdapterConfiguration(.lora(rank: 2, alpha: 4))]
    let fused = try Self.run(Self.sizes[0], ExecutionChoice(), adapters: adapters)
    let composed = try Self.run(Self.sizes[0], ExecutionChoice(composesAttention: true), adapters: adapters)
    #expect(abs(composed.loss / fused.loss - 1) < 1e-5)
    #expect(Self.difference(composed.gradients, fused.gradients) < 1e-3)
  }

  @Test("Blocks computed again give the same bits, dropout and adapters included", arguments: [0, 1])
  func again(_ index: Int) throws {
    // The second model's feed-forward has no gate.
    let lora = [
      AdapterConfiguration(.lora(rank: 2, alpha: 4, dropout: 0.1), targets: [.query, .value, .output, .down])
    ]
    for adapters in [[], lora] {
      for composes in [false, true] {
        let kept = try Self.run(Self.sizes[index], ExecutionChoice(composesAttention: composes), adapters: adapters)
        let again = try Self.run(
          Self.sizes[index], ExecutionChoice(composesAttention: composes, recomputesBlocks: true), adapters: adapters)
        #expect(kept.loss == again.loss && kept.gradients == again.gradients)
      }
    }
  }
}
