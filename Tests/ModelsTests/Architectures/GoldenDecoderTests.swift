import Models
import Tensors
import Testing
import VenturiTesting

/// Every decoder against its reference implementation at small random weights, and the house's laws for each.
@Suite struct GoldenDecoderTests {
  static let names = [
    "llama3", "llama_linear", "llama_yarn", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "phi3_longrope",
    "gpt2", "gpt_neox",
  ]

  static func model(
    _ golden: GoldenArchitecture, _ compute: ComputeMode = .f32, threads: Int = 2, kernels: KernelSet = .preferred
  ) throws -> any LanguageModel {
    let context = Context(threads: threads, kernels: kernels)
    return try ModelLoader.load(path: golden.path, options: LoadOptions(compute: compute), context: context).model
  }

  @Test(arguments: names) func logitsAreTheReferences(_ name: String) throws {
    let golden = try GoldenArchitecture(name)
    let model = try Self.model(golden)
    #expect(model.description.vocabularySize == golden.width && golden.prompts.count == 2)
    for (index, prompt) in golden.prompts.enumerated() {
      let whole = try GoldenArchitecture.logits(model, prompt, runs: [prompt.count])
      let error = golden.relativeError(whole, prompt: index)
      print("\(name), prompt of \(prompt.count): relative error \(error)")
      #expect(error <= 1e-4)
      // Chunks, then single steps, which are captured once and replayed.
      let steps = [3, 17] + [Int](repeating: 1, count: prompt.count - 20)
      #expect(try GoldenArchitecture.logits(model, prompt, runs: steps) == whole)
    }
  }

  @Test(arguments: names) func greedyTokensAreTheReferences(_ name: String) throws {
    let golden = try GoldenArchitecture(name)
    let model = try Self.model(golden)
    for (prompt, expected) in zip(golden.prompts, golden.greedy) {
      let state = try model.makeState(capacity: prompt.count + expected.count)
      var (next, tokens) = (prompt, [Int32]())
      for _ in expected {
        let logits = try model.evaluate(TokenBatch([.init(state: state, tokens: next)]), isCancelled: { false })
        let row = logits.row(0)
        next = [Int32(row.indices.max { row[$0] < row[$1] } ?? 0)]
        tokens += next
      }
      #expect(expected.count == 64 && tokens == expected)
    }
  }

  /// Threads, kernel sets and the company of other sequences change no bit, in either mode.
  @Test(arguments: names) func nothingAroundASequenceChangesItsBits(_ name: String) throws {
    let golden = try GoldenArchitecture(name)
    for compute in ComputeMode.allCases {
      var seen: Set<[UInt32]> = []
      for kernels in KernelSet.allCases where kernels.isSupported {
        for threads in [1, 2] {
          let model = try Self.model(golden, compute, threads: threads, kernels: kernels)
          let (first, second) = (golden.prompts[0], golden.prompts[1])
          let alone = try GoldenArchitecture.logits(model, second, runs: [second.count])
          seen.insert(alone.map(\.bitPattern))
          // Beside another sequence: a chunk beside a chunk, then single steps of both.
          let states = try [first, second].map { try model.makeState(capacity: $0.count) }
          var (mixed, starts) = ([Float](), [0, 0])
          while starts[1] < second.count {
            var runs: [TokenBatch.Run] = []
            for (index, tokens) in [first, second].enumerated() {
              let end = min(tokens.count, starts[index] + (starts[1] == 0 ? [7, 20][index] : 1))
              if starts[index] < end {
                let part = Array(tokens[starts[index]..<end])
                runs.append(.init(state: states[index], tokens: part, logits: index == 1 ? .all : .none))
              }
              starts[index] = end
            }
            mixed += try model.evaluate(TokenBatch(runs), isCancelled: { false }).values.floats
          }
          #expect(mixed == alone, "\(compute), \(kernels), \(threads) threads")
        }
      }
      #expect(seen.count == 1, "\(compute)")
    }
  }

  @Test func thereAreEnoughOfThem() throws {
    #expect(Self.names.count >= 12)
    for name in Self.names { #expect(try GoldenArchitecture(name).prompts.map(\.count) == [24, 40]) }
  }
}
