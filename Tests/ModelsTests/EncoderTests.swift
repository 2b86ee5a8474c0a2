import Formats
import Foundation
import Models
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// Encoders against their reference implementations, and the laws of ragged batches.
@Suite struct EncoderTests {
  private func load(_ path: String, threads: Int = 2, contextLength: Int? = nil) throws -> any EncoderModel {
    try ModelLoader.loadEncoder(
      Checkpoint(path: path), options: LoadOptions(compute: .f32, contextLength: contextLength),
      context: Context(threads: threads))
  }

  private func rows(_ model: any EncoderModel, _ sequences: [[Int32]]) throws -> [[Float]] {
    let hidden = try model.encode(sequences) { false }
    let width = hidden.shape[1]
    var start = 0
    return sequences.map { sequence in
      defer { start += sequence.count * width }
      return Array(hidden.floats[start..<start + sequence.count * width])
    }
  }

  @Test(arguments: ["bert", "modernbert"]) func encodersEqualTheirReference(_ name: String) throws {
    let golden = try GoldenArchitecture(name)
    let model = try load(golden.path)
    let alone = try golden.prompts.map { try rows(model, [$0])[0] }
    for (index, values) in alone.enumerated() {
      let error = golden.error(of: values, prompt: index)
      #expect(error <= 1e-4, "\(name), prompt \(index)")
    }
    // Company, order and threads change no bit.
    let (first, second) = (golden.prompts[0], golden.prompts[1])
    let one = Array(first.prefix(1))
    let expected = [alone[1], try rows(model, [one])[0], alone[0], alone[1]]
    #expect(try rows(model, [second, one, first, second]) == expected)
    #expect(try rows(load(golden.path, threads: 1), [second, one, first, second]) == expected)
    #expect(try model.encode([], isCancelled: { false }).shape == [0, 32])
  }

  @Test func poolingIsWhatItSays() throws {
    let golden = try GoldenArchitecture("bert")
    let model = try load(golden.path)
    let hidden = try rows(model, golden.prompts)
    func pooled(_ method: Pooling.Method, normalizes: Bool) throws -> [Float] {
      try model.embed(golden.prompts, pooling: Pooling(method, normalizes: normalizes)) { false }.floats
    }
    var (means, firsts, lasts): ([Double], [Float], [Float]) = ([], [], [])
    for rows in hidden {
      let count = rows.count / 32
      means += (0..<32).map { i in (0..<count).reduce(0.0) { $0 + Double(rows[$1 * 32 + i]) } / Double(count) }
      firsts += rows.prefix(32)
      lasts += rows.suffix(32)
    }
    #expect(zip(try pooled(.mean, normalizes: false), means).allSatisfy { abs(Double($0) - $1) < 1e-5 })
    #expect(try pooled(.cls, normalizes: false) == firsts)
    #expect(try pooled(.last, normalizes: false) == lasts)
    for method in Pooling.Method.allCases {
      let (plain, unit) = (try pooled(method, normalizes: false), try pooled(method, normalizes: true))
      for text in 0..<2 {
        let range = text * 32..<(text + 1) * 32
        let norm = plain[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(zip(plain[range], unit[range]).allSatisfy { abs(Double($0) / norm - Double($1)) < 1e-6 })
      }
    }
  }

  @Test func sequencesThatDoNotFitAreRefused() throws {
    let path = try GoldenArchitecture("bert").path
    let model = try load(path)
    #expect(model.description.contextLength == 64 && model.description.architecture == "bert")
    func encode(_ sequences: [[Int32]]) throws { _ = try model.encode(sequences) { false } }
    #expect(throws: ModelError.invalidBatch("sequence 1 has no tokens")) { try encode([[1], []]) }
    #expect(throws: ModelError.tokenOutOfRange(id: 96, vocabularySize: 96)) { try encode([[1, 96]]) }
    #expect(throws: ModelError.tokenOutOfRange(id: -1, vocabularySize: 96)) { try encode([[-1]]) }
    #expect(throws: ModelError.contextExceeded(limit: 64, requested: 65)) {
      try encode([[Int32](repeating: 1, count: 65)])
    }
    #expect(throws: ModelError.contextExceeded(limit: 8, requested: 9)) {
      _ = try load(path, contextLength: 8).encode([[Int32](repeating: 1, count: 9)]) { false }
    }
    #expect(throws: CancellationError.self) { try model.encode([[1, 2]]) { true } }
    #expect(throws: ModelError.wrongKind(architecture: "bert", isEncoder: true)) {
      try ModelLoader.load(path: path, context: Context(threads: 1))
    }
    #expect(throws: ModelError.wrongKind(architecture: "llama", isEncoder: false)) {
      _ = try load(GoldenFiles.defaultModel())
    }
    let need = try ModelLoader.memoryNeed(of: Checkpoint(path: path), threads: 1)
    #expect(need.weights > 60_000 && need.step > 64 * 32 * 4 && need.capturedSteps == 0)
    #expect(throws: ModelError.self) {
      try ModelLoader.loadEncoder(
        Checkpoint(path: path), options: LoadOptions(memoryLimit: need.total - 1), context: Context(threads: 1))
    }
  }
}
