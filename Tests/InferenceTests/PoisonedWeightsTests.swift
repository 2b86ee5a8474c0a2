import Testing
import Venturi
import VenturiTesting

/// Numbers that are none stay where they belong: in the row of the matrix, in the sequence.
@Suite struct PoisonedWeightsTests {
  /// The token whose embedding is not a number.
  static let poison: Int32 = 200

  static func logits(_ model: any LanguageModel, _ runs: [(any MixerState, [Int32])]) throws -> [[UInt32]] {
    let batch = TokenBatch(runs.map { .init(state: $0.0, tokens: $0.1) })
    let logits = try model.evaluate(batch, isCancelled: { false })
    return logits.rows.map { logits.row($0.lowerBound).map(\.bitPattern) }
  }

  @Test("A poisoned row changes no other row and no other sequence", arguments: [ComputeMode.fast, .f32], [1, 2])
  func isolation(compute: ComputeMode, threads: Int) throws {
    // A scale that is NaN, or infinite, in the blocks of one embedding row, which is a row of the output head too.
    for scale: [UInt8] in [[0x00, 0x7E], [0x00, 0x7C]] {
      var quantized = TinyLlama()
      quantized.dtype = .q4_0
      var image = quantized.image()
      let clean = try TemporaryFile(image.encoded())
      image.edit(tensor: "token_embd.weight") {
        let rowBytes = $0.data.count / TinyLlama.tokens.count
        for block in stride(from: Int(Self.poison) * rowBytes, to: (Int(Self.poison) + 1) * rowBytes, by: 18) {
          ($0.data[block], $0.data[block + 1]) = (scale[0], scale[1])
        }
      }
      let poisoned = try TemporaryFile(image.encoded())
      func load(_ file: TemporaryFile) throws -> any LanguageModel {
        try ModelLoader.load(
          path: file.path, options: LoadOptions(compute: compute), context: Context(threads: threads)
        ).model
      }
      let (sound, model) = (try load(clean), try load(poisoned))
      let prompts: [[Int32]] = [[5, 6, 7, 8], Array(repeating: 9, count: 40), [44]]
      let expected = try prompts.map { try Self.logits(sound, [(sound.makeState(capacity: 64), $0)])[0] }
      // Three times: the later ones get the pages of sequences that were full of NaN.
      for round in 0..<3 {
        let states = try (0..<4).map { _ in try model.makeState(capacity: 64) }
        let sick = (states[3], [3, 4, Self.poison, 5] + [Int32](repeating: Self.poison, count: 20))
        let found = try Self.logits(
          model, [(states[0], prompts[0]), sick, (states[1], prompts[1]), (states[2], prompts[2])])
        for (index, run) in [0, 2, 3].enumerated() {
          for id in 0..<TinyLlama.tokens.count where id != Int(Self.poison) {
            #expect(found[run][id] == expected[index][id], "round \(round), prompt \(index), token \(id)")
            if found[run][id] != expected[index][id] { return }
          }
          #expect(!Float(bitPattern: found[run][Int(Self.poison)]).isFinite)
        }
        #expect(found[1].allSatisfy { Float(bitPattern: $0).isNaN }, "the poisoned sequence itself")
      }
    }
  }
}
