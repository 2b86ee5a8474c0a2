import CAllocationCounter
import Testing
import Venturi
import VenturiTesting

@Suite struct ExpertStepTests {
  @Test(
    "A replayed step of experts or of latent attention makes no heap allocation",
    .enabled(if: allocation_count_works()),
    arguments: ["mixtral", "qwen2_moe", "deepseek_v2", "deepseek_v3"])
  func replaysAllocateNothing(name: String) async {
    // Alone in a process: the counter counts what all threads do.
    await #expect(processExitsWith: .success) { [name] in
      let path = try GoldenArchitecture(name).path
      for (compute, threads) in [(ComputeMode.fast, 1), (.f32, 2)] {
        let model = try ModelLoader.load(
          path: path, options: LoadOptions(compute: compute), context: Context(threads: threads)
        ).model
        for rows in [1, 2, 7, 16] {
          for sequences in Set([rows, 1]) {
            let states = try (0..<sequences).map { _ in try model.makeState(capacity: 100) }
            for round in 0..<4 {
              // Other tokens each time, which other experts see.
              let count = rows / sequences
              let batch = TokenBatch(
                states.enumerated().map { index, state in
                  .init(state: state, tokens: (0..<count).map { Int32((round * 31 + index * 7 + $0 * 5) % 96) })
                })
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
              #expect(last == first, "\(last - first) allocations: \(compute), \(rows) rows, \(threads) threads")
            }
          }
        }
      }
    }
  }
}
