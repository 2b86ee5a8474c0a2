import Foundation
import Testing
import Venturi
import VenturiTesting

@Suite struct SamplerTests {
  static let row: [Float] = ScriptedModel.scramble([1, 2, 3], 200)

  static func draw(_ options: GenerationOptions, _ row: [Float], _ history: [Int32], seed: UInt64 = 1) throws -> Int32 {
    var sampler = Sampler(options, seed: seed)
    return try row.withUnsafeBufferPointer { try sampler.draw($0, history: history) }
  }

  /// The exact law, by sorting and summing in Double.
  static func law(_ options: GenerationOptions, _ row: [Float]) -> [Double] {
    var kept = row.indices.sorted { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }
    if options.topK > 0 { kept = Array(kept.prefix(options.topK)) }
    let best = Double(row[kept[0]])
    let total = kept.reduce(0.0) { $0 + exp(Double(row[$1]) - best) }
    if options.topP < 1 {
      var sum = 0.0
      var count = 0
      for id in kept where sum < Double(options.topP) * total {
        sum += exp(Double(row[id]) - best)
        count += 1
      }
      kept = Array(kept.prefix(count))
    }
    kept = kept.filter { exp(Double(row[$0]) - best) >= Double(options.minP) }
    var law = [Double](repeating: 0, count: row.count)
    for id in kept { law[id] = exp((Double(row[id]) - best) / Double(options.temperature)) }
    let sum = law.reduce(0, +)
    return law.map { $0 / sum }
  }

  @Test(arguments: [
    GenerationOptions(temperature: 1, topK: 0, topP: 1, minP: 0), GenerationOptions(),
    GenerationOptions(temperature: 0.5, topK: 7, topP: 1, minP: 0),
    GenerationOptions(temperature: 1.5, topK: 0, topP: 0.7, minP: 0),
    GenerationOptions(temperature: 1, topK: 0, topP: 1, minP: 0.2),
  ])
  func drawsFollowTheLaw(options: GenerationOptions) throws {
    let law = Self.law(options, Self.row)
    let draws = 20_000
    var counts = [Int](repeating: 0, count: law.count)
    var sampler = Sampler(options, seed: 11)
    try Self.row.withUnsafeBufferPointer { row in
      for position in 0..<draws {
        counts[Int(try sampler.draw(row, history: [Int32](repeating: 0, count: position % 5000 + 1)))] += 1
        if position % 5000 == 4999 { sampler = Sampler(options, seed: UInt64(11 + position)) }
      }
    }
    // Pearson's statistic; cells with small expectations are joined.
    var statistic = 0.0
    var cells = 0
    var joined = (0.0, 0.0)
    for (count, probability) in zip(counts, law) {
      if probability == 0 { #expect(count == 0) }
      joined.0 += Double(count)
      joined.1 += probability * Double(draws)
      if joined.1 >= 10 {
        statistic += (joined.0 - joined.1) * (joined.0 - joined.1) / joined.1
        cells += 1
        joined = (0, 0)
      }
    }
    let freedom = Double(max(cells - 1, 1))
    // Five standard deviations of the chi-square law.
    #expect(statistic < freedom + 5 * (2 * freedom).squareRoot() + 5)
    #expect(cells >= 2)
  }

  @Test func ties() throws {
    var row = [Float](repeating: 0, count: 300)
    row[17] = 2
    row[250] = 2
    #expect(try Self.draw(.greedy, row, [1]) == 17)
    #expect(try Self.draw(GenerationOptions(topK: 1), row, [1]) == 17)
  }

  @Test func oddNumbersAreNeverDrawn() throws {
    var row = Self.row
    row[0] = .nan
    row[199] = -.infinity
    for seed in 0..<200 {
      let id = try Self.draw(GenerationOptions(temperature: 5, topK: 0, topP: 1, minP: 0), row, [1], seed: UInt64(seed))
      #expect(id != 0 && id != 199)
    }
    row[5] = .infinity
    #expect(try Self.draw(.greedy, row, []) == 5)
    #expect(try Self.draw(GenerationOptions(), row, []) == 5)
    #expect(throws: InferenceError.noFiniteLogit(position: 2)) {
      try Self.draw(GenerationOptions(), [Float](repeating: .nan, count: 100), [1, 2])
    }
  }

  /// Long rows in which few logits are finite, or many are equal or infinite, by every way of narrowing.
  @Test func strangeRowsFollowTheLaw() throws {
    let few = (0..<20_000).map { [3, 9_999, 10_000].contains($0) ? Float($0 % 7) : -.infinity }
    let equal = (0..<20_000).map { Float($0 / 10 % 2) }
    let far = (0..<20_000).map { -Float.greatestFiniteMagnitude / Float(1 + $0 % 3) }
    for (number, row) in [few, equal, far].enumerated() {
      let ways: [(Int, Float, Float)] = [(40, 0.95, 0.05), (0, 0.9, 0), (0, 1, 0), (300, 1, 0.5), (1, 1, 0)]
      for (topK, topP, minP) in ways {
        let options = GenerationOptions(temperature: 1, topK: topK, topP: topP, minP: minP)
        let law = Self.law(options, row)
        for seed in 0..<20 {
          let id = try Self.draw(options, row, [1], seed: UInt64(seed))
          #expect(law[Int(id)] > 0, "row \(number), top-k \(topK), top-p \(topP): \(id)")
        }
      }
    }
  }

  @Test func penaltiesEqualBruteForce() throws {
    let options = GenerationOptions(
      temperature: 0, repeatPenalty: 1.3, frequencyPenalty: 0.4, presencePenalty: 0.7, penaltyWindow: 5,
      logitBias: [3: 1.5, 9: -.infinity])
    var sampler = Sampler(options, seed: 0)
    var history: [Int32] = [1]
    for step in 0..<200 {
      let row = ScriptedModel.scramble([Int32(step / 4)], 12)
      var expected = row
      expected[3] += 1.5
      expected[9] = -.infinity
      let window = history.suffix(5)
      for id in Set(window) {
        let count = Float(window.count { $0 == id })
        var x = expected[Int(id)]
        x = x > 0 ? x / 1.3 : x * 1.3
        expected[Int(id)] = x - count * 0.4 - 0.7
      }
      let best = expected.indices.max { expected[$0] < expected[$1] }
      let id = try row.withUnsafeBufferPointer { try sampler.draw($0, history: history) }
      #expect(Int(id) == best)
      history.append(id)
    }
  }

  @Test func logProbabilitiesAreThoseOfTheRawDistribution() async throws {
    let engine = try Fixtures.engine(ScriptedModel())
    let options = GenerationOptions(maxTokens: 5, temperature: 0.1, seed: 1, logProbabilities: 259, ignoreEnd: true)
    var count = 0
    for try await event in engine.generate("ab", options: options) {
      guard case .token(let token) = event else { continue }
      count += 1
      let sum = token.alternatives.reduce(0.0) { $0 + exp(Double($1.logProbability)) }
      #expect(abs(sum - 1) < 1e-5 && token.alternatives.count == 259)
      #expect(
        zip(token.alternatives, token.alternatives.dropFirst()).allSatisfy { $0.logProbability >= $1.logProbability })
      #expect(token.alternatives.first { $0.id == token.id }?.logProbability == token.logProbability)
    }
    #expect(count == 5)
  }

  @Test(arguments: [
    ("temperature", GenerationOptions(temperature: .nan)), ("temperature", GenerationOptions(temperature: -1)),
    ("temperature", GenerationOptions(temperature: .infinity)), ("topP", GenerationOptions(topP: 2)),
    ("topP", GenerationOptions(topP: 0)), ("topP", GenerationOptions(topP: .nan)),
    ("topK", GenerationOptions(topK: -1)),
    ("minP", GenerationOptions(minP: 1.5)), ("maxTokens", GenerationOptions(maxTokens: -1)),
    ("maxTokens", GenerationOptions(maxTokens: 0)), ("repeatPenalty", GenerationOptions(repeatPenalty: 0)),
    ("frequencyPenalty", GenerationOptions(frequencyPenalty: .nan)),
    ("penaltyWindow", GenerationOptions(penaltyWindow: -2)),
    ("stop", GenerationOptions(stop: [String](repeating: "x", count: 10_000))),
    ("stop[1]", GenerationOptions(stop: ["a", ""])), ("lookup", GenerationOptions(lookup: 1000)),
    ("logProbabilities", GenerationOptions(logProbabilities: -1)),
    ("logitBias[3]", GenerationOptions(logitBias: [3: .nan])),
  ])
  func hostileOptionsAreNamed(field: String, options: GenerationOptions) async throws {
    let engine = try Fixtures.engine(ScriptedModel())
    do {
      _ = try await engine.generate("a", options: options).completion()
      Issue.record("\(field) was taken")
    } catch InferenceError.invalidOption(let name, _, _) { #expect(name == field) }
  }
}
