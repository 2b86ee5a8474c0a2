import Formats
import Layers
import Mixers
import Models
import Tensors
import Testing
import VenturiTesting

/// A decoder whose generated tokens see a budget of keys.
@Suite struct SparseDecodingTests {
  private static func model(_ options: LoadOptions, threads: Int = 2) throws -> any LanguageModel {
    var tiny = TinyLlama()
    tiny.width = 64
    tiny.heads = 4
    tiny.kvHeads = 2
    tiny.contextLength = 1024
    var bytes = try tiny.image().encoded()
    return try bytes.withUnsafeMutableBytes { bytes in
      try ModelLoader.load(
        Checkpoint(gguf: Storage(borrowing: bytes, keeper: nil)), options: options, context: Context(threads: threads)
      ).model
    }
  }

  /// The logits of an answer after a prompt, which are computed in pieces of so many tokens.
  private static func logits(
    _ model: any LanguageModel, prompt: Int, steps: Int, beside: Int = 0, piece: Int = 1, promptPiece: Int = 512
  ) throws -> [Float] {
    func token(_ place: Int) -> Int32 { Int32((place * 7 + 3) % model.description.vocabularySize) }
    let state = try model.makeState(capacity: prompt + steps)
    let others = try (0..<beside).map { _ in try model.makeState(capacity: prompt + steps) }
    for one in [state] + others {
      for start in stride(from: 0, to: prompt, by: promptPiece) {
        let part = (start..<min(prompt, start + promptPiece)).map(token)
        _ = try model.evaluate(TokenBatch([.init(state: one, tokens: part, logits: .none)]), isCancelled: { false })
      }
    }
    var all: [Float] = []
    for step in stride(from: 0, to: steps, by: piece) {
      let tokens = (step..<min(steps, step + piece)).map { token(prompt + $0) }
      let runs = ([state] + others).map {
        TokenBatch.Run(state: $0, tokens: tokens, logits: .all, answerTokens: tokens.count)
      }
      let logits = try model.evaluate(TokenBatch(runs), isCancelled: { false })
      for row in logits.rows[0] { all += Array(logits.row(row)) }
    }
    return all
  }

  @Test(arguments: ComputeMode.allCases) func enoughBlocksChangeNoBit(_ compute: ComputeMode) throws {
    let dense = try Self.logits(Self.model(LoadOptions(compute: compute)), prompt: 300, steps: 20)
    let options = LoadOptions(compute: compute, sparse: try BlockBudget(blocks: 64, local: 1))
    #expect(try Self.logits(Self.model(options), prompt: 300, steps: 20) == dense)
  }

  @Test func stepsAreTheSameAloneBesideOthersAndOnAnyThreads() throws {
    let options = LoadOptions(compute: .f32, sparse: try BlockBudget(blocks: 4, local: 30))
    // Twenty steps: they are captured, replayed, and pass from one block to the next.
    let alone = try Self.logits(Self.model(options, threads: 1), prompt: 400, steps: 20)
    #expect(try Self.logits(Self.model(options), prompt: 400, steps: 20) == alone)
    #expect(try Self.logits(Self.model(options), prompt: 400, steps: 20, beside: 3) == alone)
    // As guesses that are checked together, as what is computed again, and after a prompt whose last tokens came one by one.
    #expect(try Self.logits(Self.model(options), prompt: 400, steps: 20, piece: 7) == alone)
    #expect(try Self.logits(Self.model(options), prompt: 400, steps: 20, piece: 20) == alone)
    #expect(try Self.logits(Self.model(options), prompt: 400, steps: 20, promptPiece: 57) == alone)
    let dense = try Self.logits(Self.model(LoadOptions(compute: .f32)), prompt: 400, steps: 20)
    #expect(dense != alone && alone.allSatisfy(\.isFinite))
    // Below the budget nothing is chosen.
    let short = try Self.logits(Self.model(options), prompt: 60, steps: 5)
    #expect(try short == Self.logits(Self.model(LoadOptions(compute: .f32)), prompt: 60, steps: 5))
  }

  @Test func whereNothingCanBeChosenItIsRefused() throws {
    let budget = try BlockBudget(blocks: 4, local: 30)
    #expect(throws: ModelError.self) { try Self.model(LoadOptions(cache: .q8, sparse: budget)) }
    #expect(throws: Never.self) { try Self.model(LoadOptions(cache: .f16, sparse: budget)) }
  }
}
