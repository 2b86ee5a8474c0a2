import Planner
import Testing

@Suite("Iterations as they were measured") struct MeasuredIterationsTests {
  /// Times that are linear in everything: between points and beyond them nothing else can come out.
  static func linear(_ batch: IterationBatch) -> Double {
    0.01 + 0.002 * Double(batch.promptTokens) + 0.003 * Double(batch.sequences)
      + 1e-5 * Double(batch.contextTokens - 40 * batch.sequences)
      + 1e-6 * (batch.promptPairs - Double(batch.promptTokens) * (Double(batch.promptTokens) + 1) / 2)
  }

  static func table(perContextToken: Double = 1e-5) throws -> MeasuredIterations {
    let (prompts, sequences) = ([0, 1, 16, 64], [0, 1, 4, 16])
    let seconds = prompts.map { tokens in
      sequences.map { count in
        linear(IterationBatch(promptTokens: tokens, sequences: count, contextTokens: 40 * count))
      }
    }
    return try MeasuredIterations(
      prompts: prompts, sequences: sequences, seconds: seconds, context: 40, perContextToken: perContextToken,
      perPair: 1e-6)
  }

  @Test func linearTimesComeBackEverywhere() throws {
    let table = try Self.table()
    for tokens in [0, 1, 2, 16, 40, 64, 100] {
      for count in [0, 1, 3, 4, 9, 16, 20] where tokens + count > 0 {
        for (depth, past) in [(40, 0), (90, 300)] {
          var batch = IterationBatch(promptTokens: tokens, sequences: count, contextTokens: depth * count)
          batch.promptPast = tokens > 0 ? past : 0
          batch.promptPairs += Double(tokens * past)
          #expect(abs(table.seconds(of: batch) - Self.linear(batch)) < 1e-12, "\(batch)")
        }
      }
    }
    // Shallow sequences gain no more than down to the fastest that was measured.
    let shallow = IterationBatch(sequences: 1, contextTokens: 0)
    #expect(abs(table.seconds(of: shallow) - Self.linear(shallow)) < 1e-12)
    let steep = try Self.table(perContextToken: 1e-3)
    #expect(steep.seconds(of: shallow) == Self.linear(IterationBatch(promptTokens: 1)))
  }

  @Test func whatIsNoTableIsRefused() {
    let good = [[0, 0.1], [0.1, 0.2]]
    for (prompts, sequences) in [
      ([0, 2], [0, 1]), ([0, 1], [1, 2]), ([0], [0, 1]), ([0, 1], [0, 1, 1]), ([], []),
    ] {
      #expect(throws: PlannerError.self) {
        try MeasuredIterations(prompts: prompts, sequences: sequences, seconds: good, context: 0)
      }
    }
    for bad in [
      [[0, 0.1]], [[0, 0.1], [0.1]], [[0, 0], [0.1, 0.1]], [[0, .nan], [0.1, 0.1]], [[0, 1], [-1, 0.1]],
    ] {
      #expect(throws: PlannerError.self) {
        try MeasuredIterations(prompts: [0, 1], sequences: [0, 1], seconds: bad, context: 0)
      }
    }
    for (context, token, pair) in [(-1, 0.0, 0.0), (0, -1, 0), (0, 0, .infinity), (0, .nan, 0)] {
      #expect(throws: PlannerError.self) {
        try MeasuredIterations(
          prompts: [0, 1], sequences: [0, 1], seconds: good, context: context, perContextToken: token, perPair: pair)
      }
    }
  }

  @Test("A mix's capacity is the sum of its parts where every request takes its own time, and a promise bounds it")
  func capacity() throws {
    // Without a base, an iteration takes what its tokens take: loads add up exactly.
    let sequences = [0, 1, 16]
    let table = try MeasuredIterations(
      prompts: [0, 1, 64], sequences: sequences,
      seconds: [0, 1, 64].map { tokens in sequences.map { 0.001 * Double(tokens) + 0.004 * Double($0) } }, context: 0)
    let machine = try ServingMachine("one", iterations: table, blocks: 4096)
    var policy = ServingPolicy()
    (policy.batchTokens, policy.batchSequences) = (64, 16)
    func rate(_ sizes: [(Int, Int)], promise: Double) throws -> Double {
      let requests = (0..<600).map { index in
        let size = sizes[index % sizes.count]
        return SimulatedRequest(arrival: 0, promptTokens: size.0, outputTokens: size.1)
      }
      return try MelangeValidation.capacity(machine, policy: policy, requests: requests, promise: promise)
    }
    // A prompt of 10 gives the first token of 21; the 20 others take 80 ms.
    let (short, long) = (try rate([(10, 21)], promise: 1), try rate([(100, 51)], promise: 1))
    #expect(abs(short * 0.09 - 1) < 0.01 && abs(long * 0.3 - 1) < 0.01)
    let mixed = try rate([(10, 21), (100, 51)], promise: 1)
    #expect(abs(mixed * (0.09 + 0.3) / 2 - 1) < 0.01)
    // A token alone takes 4 ms: that promise can be kept, a shorter one cannot.
    #expect(try rate([(10, 21)], promise: 0.00401) > 0)
    #expect(try rate([(10, 21)], promise: 0.0039) == 0)
    #expect(try rate([(10, 21)], promise: 0.02) <= short + 1e-9)
    #expect(try MelangeValidation.capacity(machine, policy: policy, requests: [], promise: 1) == 0)
  }
}
