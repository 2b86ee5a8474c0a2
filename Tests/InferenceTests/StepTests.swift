import CAllocationCounter
import Foundation
import Testing
import Venturi
import VenturiTesting

/// What a model's steps keep and take: states go when their owners go, and a replayed step allocates nothing.
@Suite struct StepTests {
  static func model(_ dtype: DType = .q4_0, compute: ComputeMode = .fast, context: Context) throws -> any LanguageModel
  {
    let file = try TemporaryFile(TinyLlama.file(dtype: dtype))
    return try ModelLoader.load(path: file.path, options: LoadOptions(compute: compute), context: context).model
  }

  @Test("A state that nobody holds is gone, however its last step ended")
  func statesAreReleased() throws {
    let context = Context(threads: 2)
    let model = try Self.model(context: context)
    let weights = context.allocator.liveBytes
    #expect(weights > 0)
    enum End: CaseIterable { case one, chunk, many, cancelled, cancelledInReplay, refused }
    // The second time round small steps are replayed.
    for end in End.allCases + End.allCases {
      weak var held: AnyObject?
      weak var other: AnyObject?
      do {
        let (state, second) = (try model.makeState(capacity: 200), try model.makeState(capacity: 20))
        (held, other) = (state, second)
        _ = try model.evaluate(TokenBatch([.init(state: state, tokens: [1, 2, 3])]), isCancelled: { false })
        #expect(context.allocator.liveBytes > weights)
        let chunk = [Int32](repeating: 7, count: end == .chunk || end == .cancelled ? 40 : 1)
        let run = TokenBatch.Run(state: state, tokens: chunk)
        switch end {
        case .one, .chunk: _ = try model.evaluate(TokenBatch([run]), isCancelled: { false })
        case .many:
          _ = try model.evaluate(TokenBatch([run, .init(state: second, tokens: [4, 5])]), isCancelled: { false })
        case .cancelled, .cancelledInReplay:
          if end == .cancelledInReplay { _ = try model.evaluate(TokenBatch([run]), isCancelled: { false }) }
          let before = state.tokens
          #expect(throws: CancellationError.self) { try model.evaluate(TokenBatch([run]), isCancelled: { true }) }
          #expect(state.tokens == before)
        case .refused:
          #expect(throws: ModelError.contextExceeded(limit: 20, requested: 21)) {
            let long = [Int32](repeating: 1, count: 21)
            _ = try model.evaluate(TokenBatch([run, .init(state: second, tokens: long)]), isCancelled: { false })
          }
        }
      }
      #expect(held == nil && other == nil, "\(end)")
      #expect(context.allocator.liveBytes == weights, "\(end)")
    }
  }

  @Test("Memory after sessions have closed is what it was before, to the byte")
  func closedSessions() async throws {
    let file = try TemporaryFile(TinyLlama.file(dtype: .q4_0))
    let context = Context(threads: 2)
    let loaded = try ModelLoader.load(path: file.path, context: context)
    let engine = try Engine(model: loaded.model, tokenizer: BytePairTokenizer(loaded.checkpoint))
    let weights = context.allocator.liveBytes
    for round in 0..<5 {
      var sessions = (0..<6).map { _ in engine.session() }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, session) in sessions.enumerated() {
          group.addTask {
            let options = GenerationOptions(maxTokens: 10 + index, seed: 1, ignoreEnd: true, lookup: index)
            let generation = session.generate(.text("the water and the " + String(index)), options: options)
            if index == 5 { generation.cancel() }
            _ = try await generation.completion()
          }
        }
        try await group.waitForAll()
      }
      // The compute thread is done with a step once it does something else.
      try await engine.withModel { _ in }
      #expect(context.allocator.liveBytes > weights, "round \(round)")
      sessions = []
      #expect(context.allocator.liveBytes == weights, "round \(round)")
    }
  }

  @Test(
    "A replayed step makes no heap allocation", .enabled(if: allocation_count_works()),
    arguments: [ComputeMode.fast, .f32])
  func replaysAllocateNothing(compute: ComputeMode) async {
    // Alone in a process: the counter counts what all threads do.
    await #expect(processExitsWith: .success) { [compute] in
      for dtype in [DType.q4_0, .q8_0, .f16] {
        for threads in [1, 2] {
          let model = try Self.model(dtype, compute: compute, context: Context(threads: threads))
          for rows in [1, 2, 3, 7, 8, 9, 15, 16] {
            // Many sequences of one token each, and one sequence of many tokens.
            for sequences in Set([rows, 1]) {
              let states = try (0..<sequences).map { _ in try model.makeState(capacity: 200) }
              let tokens = [Int32](repeating: 9, count: rows / sequences)
              let batch = TokenBatch(states.map { .init(state: $0, tokens: tokens) })
              for round in 0..<4 {
                var (first, last, asked) = (UInt64(0), UInt64(0), 0)
                _ = try model.evaluate(batch) {
                  last = allocation_count()
                  if asked == 0 { first = last }
                  asked += 1
                  return false
                }
                // The first time the step is captured.
                if round == 0 { continue }
                #expect(asked >= 4, "the plan has \(asked) · 8 operators at most")
                #expect(last == first, "\(last - first) allocations: \(dtype), \(rows) rows, \(threads) threads")
              }
            }
          }
        }
      }
      let before = allocation_count()
      let array = [Int](repeating: 1, count: Int.random(in: 1000...2000))
      #expect(allocation_count() > before && array.count > 0, "the counter counts nothing")
    }
  }
}
