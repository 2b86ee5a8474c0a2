import Foundation
import Models
import Tensors
import Testing
import VenturiTesting

/// The default model against a dequantised F32 reference (Golden/logprobs, made by Golden/scripts/llama_reference.py).
@Suite(.serialized) struct GoldenLogprobTests {
  struct Fixture: Decodable {
    struct Position: Decodable {
      var next: Double?
      var margin: Double
      var topIds: [Int]
      var topLogprobs: [Double]
    }
    struct Case: Decodable {
      var text: String
      var promptIds: [Int32]
      var greedyIds: [Int32]
      var positions: [Position]
    }
    var cases: [Case]
  }

  static func fixture(_ name: String) throws -> Fixture {
    let url = GoldenFiles.url("logprobs/\(name).json")
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
  }

  static func logprobs(_ row: UnsafeBufferPointer<Float>) -> [Double] {
    let largest = Double(row.max() ?? 0)
    let sum = row.reduce(0) { $0 + exp(Double($1) - largest) }
    return row.map { Double($0) - largest - log(sum) }
  }

  @Test func exactModeIsWithinTwoHundredthsOfTheReference() throws {
    let cases = try Self.fixture("q4_1").cases
    #expect(cases.count >= 20)
    let loaded = try ModelLoader.load(
      path: GoldenFiles.defaultModel(), options: LoadOptions(compute: .f32), context: Context())
    var worst = 0.0
    for golden in cases {
      let tokens = golden.promptIds + golden.greedyIds
      let state = try loaded.model.makeState(capacity: tokens.count)
      let logits = try loaded.model.evaluate(
        TokenBatch([.init(state: state, tokens: tokens, logits: .all)]), isCancelled: { false })
      for (index, position) in golden.positions.enumerated() {
        let ours = Self.logprobs(logits.row(index))
        if let next = position.next, index + 1 < tokens.count {
          worst = max(worst, abs(ours[Int(tokens[index + 1])] - next))
        }
        for (id, reference) in zip(position.topIds, position.topLogprobs) {
          worst = max(worst, abs(ours[id] - reference))
        }
        if position.margin > 0.05 {
          let best = ours.indices.max { ours[$0] < ours[$1] }
          #expect(best == position.topIds[0], "\(golden.text.prefix(40))… position \(index)")
        }
      }
    }
    print("largest logprob difference in f32: \(worst)")
    #expect(worst <= 0.02)
  }
}
