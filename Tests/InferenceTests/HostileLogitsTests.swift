import Testing
import Venturi
import VenturiTesting

/// Rows of logits with NaN and infinities in any places, through every combination of the sampler's steps.
@Suite struct HostileLogitsTests {
  /// What a token's logit is when the sampler's first two steps, without penalties, are done with it.
  private static func biased(_ row: [Float], _ bias: [Int32: Float]) -> [Float] {
    row.indices.map { id in
      let (logit, value) = (row[id], bias[Int32(id)] ?? 0)
      // Finite numbers stay finite.
      return logit.isFinite && value.isFinite
        ? min(max(logit + value, -Float.greatestFiniteMagnitude), Float.greatestFiniteMagnitude) : logit + value
    }
  }

  /// A row of `count` logits; `kind` picks what is wrong with it.
  private static func row(_ count: Int, kind: Int, _ random: inout Random) -> [Float] {
    (0..<count).map { _ in
      let plain = Float(random.uniform() * 20 - 10)
      let die = random.next() % 100
      return switch kind {
      case 0: die < 30 ? .nan : plain
      case 1: die < 97 ? -.infinity : plain
      case 2: die < 50 ? .nan : -.infinity
      case 3: die < 99 ? .nan : plain
      case 4: die < 3 ? .infinity : die < 40 ? .nan : plain
      case 5: die < 50 ? -Float.greatestFiniteMagnitude : die < 60 ? .greatestFiniteMagnitude : -.infinity
      case 6: die < 50 ? -0.0 : die < 60 ? .leastNonzeroMagnitude : .nan
      default: -.nan
      }
    }
  }

  @Test("A drawn token has a logit, and without any there is an error") func everyStep() throws {
    var random = Random(seed: 2024)
    var (drawn, refused) = (0, 0)
    for round in 0..<4000 {
      let count = [1, 2, 15, 16, 63, 64, 65, 300][Int(random.next() % 8)]
      let row = Self.row(count, kind: round % 8, &random)
      var options = GenerationOptions(
        temperature: [0, 1e-30, 0.7, 1, 1000][Int(random.next() % 5)],
        topK: [0, 1, 5, 40, 1_000_000][Int(random.next() % 5)], topP: [1e-6, 0.5, 0.95, 1][Int(random.next() % 4)],
        minP: [0, 0.05, 1][Int(random.next() % 3)])
      if round % 3 == 0 {
        for _ in 0..<3 { options.logitBias[Int32(random.next() % UInt64(count))] = [-.infinity, -5, 5][round / 3 % 3] }
      }
      if round % 5 == 0 {
        (options.repeatPenalty, options.frequencyPenalty, options.presencePenalty) = (1.5, 0.5, -0.5)
      }
      try options.validate(vocabularySize: count)
      let history = (0..<7).map { _ in Int32(random.next() % UInt64(count)) }
      let logits = Self.biased(row, options.logitBias)
      let best = logits.filter { !$0.isNaN }.max() ?? -.infinity
      var sampler = Sampler(options, seed: UInt64(round))
      do {
        let id = Int(try row.withUnsafeBufferPointer { try sampler.draw($0, history: history) })
        #expect(row.indices.contains(id), "round \(round)")
        guard row.indices.contains(id) else { continue }
        #expect(logits[id] > -.infinity, "round \(round): token \(id) with logit \(logits[id]) was drawn, \(options)")
        // Nothing else has weight beside positive infinity.
        if best == .infinity { #expect(logits[id] == .infinity, "round \(round)") }
        drawn += 1
      } catch InferenceError.noFiniteLogit(let position) {
        #expect(position == 7 && best == -.infinity, "round \(round): \(options)")
        refused += 1
      }
    }
    #expect(drawn > 1500 && refused > 1000, "\(drawn) drawn, \(refused) refused")
  }

  @Test("In a session the error ends that generation only") func session() async throws {
    // After an 'x' there is no finite logit.
    let model = ScriptedModel { history in
      history.last == 120 ? [Float](repeating: .nan, count: 259) : ScriptedModel.scramble(history, 259)
    }
    let engine = try Fixtures.engine(model)
    let options = GenerationOptions(maxTokens: 20, logitBias: [120: -.infinity], seed: 4, ignoreEnd: true)
    let alone = try await engine.generate("other", options: options).completion().tokens
    let session = engine.session()
    let failing = session.generate("ax", options: options)
    let other = engine.generate("other", options: options)
    await #expect(throws: InferenceError.noFiniteLogit(position: 2)) { try await failing.completion() }
    #expect(try await other.completion().tokens == alone && alone.count == 20)
    #expect(try await session.generate("other", options: options).completion().tokens == alone)
  }
}
