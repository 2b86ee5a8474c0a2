import Models
import Tensors
import Testing
import VenturiTesting

/// What ``GoldenArchitectureTests`` leaves open of the decoders: kernel sets, the fast mode, chunks beside chunks.
@Suite struct GoldenDecoderTests {
  static let names = [
    "llama3", "llama_linear", "llama_yarn", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "phi3_longrope",
    "gpt2", "gpt_neox",
  ]

  @Test(arguments: names) func nothingAroundASequenceChangesItsBits(_ name: String) throws {
    let golden = try GoldenArchitecture(name)
    let (first, second) = (golden.prompts[0], golden.prompts[1])
    for compute in ComputeMode.allCases {
      var seen: Set<[UInt32]> = []
      for (threads, kernels) in [(1, KernelSet.preferred)] + KernelSet.allCases.map({ (2, $0) }) {
        guard kernels.isSupported else { continue }
        let context = Context(threads: threads, kernels: kernels)
        let options = LoadOptions(compute: compute)
        let model = try ModelLoader.load(path: golden.path, options: options, context: context).model
        let alone = try TokenBatch([.init(state: model.makeState(capacity: 40), tokens: second, logits: .all)])
        let expected = try model.evaluate(alone, isCancelled: { false }).values.floats
        seen.insert(expected.map(\.bitPattern))
        // A chunk beside a chunk, then single steps of both, as long as there are any.
        let states = try [first, second].map { try model.makeState(capacity: $0.count) }
        var (mixed, starts) = ([Float](), [0, 0])
        while starts[1] < second.count {
          var runs: [TokenBatch.Run] = []
          for (index, tokens) in [first, second].enumerated() {
            let end = min(tokens.count, starts[index] == 0 ? [7, 20][index] : starts[index] + 1)
            if starts[index] < end {
              let part = Array(tokens[starts[index]..<end])
              runs.append(.init(state: states[index], tokens: part, logits: index == 1 ? .all : .none))
            }
            starts[index] = end
          }
          mixed += try model.evaluate(TokenBatch(runs), isCancelled: { false }).values.floats
        }
        #expect(mixed == expected, "\(compute), \(kernels), \(threads) threads")
      }
      #expect(seen.count == 1, "\(compute)")
      if compute == .f32, let bits = seen.first {
        print("\(name): relative error \(golden.error(of: bits.map { Float(bitPattern: $0) }, prompt: 1))")
      }
    }
  }

  @Test func thereAreEnoughOfThem() throws {
    #expect(Self.names.count >= 12)
    for name in Self.names { #expect(try GoldenArchitecture(name).prompts.map(\.count) == [24, 40]) }
  }

  /// The same models as llama.cpp's converter writes them.
  @Test(arguments: ["llama3", "phi3_longrope"]) func convertedFilesGiveTheSame(_ name: String) throws {
    let golden = try GoldenArchitecture(name)
    let path = GoldenFiles.url("converted/\(name).gguf.bin").path
    let context = Context(threads: 2)
    let model = try ModelLoader.load(path: path, options: LoadOptions(compute: .f32), context: context).model
    for (index, prompt) in golden.prompts.enumerated() {
      let state = try model.makeState(capacity: prompt.count)
      let batch = TokenBatch([.init(state: state, tokens: prompt, logits: .all)])
      let logits = try model.evaluate(batch, isCancelled: { false }).values.floats
      let error = golden.error(of: logits, prompt: index)
      print("\(name).gguf: relative error \(error)")
      #expect(error <= 1e-4)
    }
  }

  /// Sequences that may not outgrow a model's original length turn by LongRoPE's factors for short ones.
  @Test func longRoPEChoosesByTheContextLength() throws {
    let golden = try GoldenArchitecture("phi3_longrope")
    let prompt = Array(golden.prompts[0].prefix(16))
    let logits = try [16, 17].map { length in
      let options = LoadOptions(compute: .f32, contextLength: length)
      let model = try ModelLoader.load(path: golden.path, options: options, context: Context(threads: 1)).model
      let state = try model.makeState(capacity: 16)
      return try model.evaluate(
        TokenBatch([.init(state: state, tokens: prompt, logits: .all)]), isCancelled: { false }
      ).values.floats
    }
    // The reference has the long ones throughout.
    let expected = Array(golden.expected[0].prefix(16 * golden.width))
    let distances = logits.map { zip($0, expected).map { abs($0 - $1) }.max() ?? .infinity }
    #expect(distances[0] > 0.1 && distances[1] < 1e-3)
  }
}
