import Formats
import Foundation
import Models
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// Adapters beside a model's weights: what the `peft` library computes with them (`Golden/scripts/make_adapters.py`), and
/// that rows of a batch see their own adapter only.
@Suite struct AdapterTests {
  static let names = [
    "llama3", "llama3_qv", "llama3_patterns", "llama3_half", "llama_linear", "qwen3", "gemma2", "phi3", "gpt2",
    "gpt_neox",
  ]

  private static func path(_ name: String) -> String { GoldenFiles.url("adapters/\(name)").path }

  private static func expected(_ name: String) throws -> (base: String, prompt: [Int32], logits: [Float]) {
    let json = try JSON(parsing: [UInt8](Data(contentsOf: GoldenFiles.url("adapters/\(name)/expected.json"))))
    let bytes = try Data(contentsOf: GoldenFiles.url("adapters/\(name)/expected.bin"))
    let logits = bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map {
        Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
    return (
      try #require(json["base"]?.text), (json["prompt"]?.elements ?? []).compactMap { $0.int.map { Int32($0) } }, logits
    )
  }

  private static func model(
    _ base: String, compute: ComputeMode = .f32, threads: Int = 2, kernels: KernelSet = .preferred
  ) throws -> any AdaptableModel {
    let options = LoadOptions(compute: compute, stepTokens: 64, logitRows: 64)
    let path = GoldenFiles.url("architectures/\(base)").path
    let model = try ModelLoader.load(path: path, options: options, context: Context(threads: threads, kernels: kernels))
      .model
    return try #require(model as? any AdaptableModel)
  }

  private static func logits(
    _ model: any LanguageModel, _ tokens: [Int32], _ adapter: ModelAdapter?
  ) throws -> [Float] {
    let state = try model.makeState(capacity: 64)
    let run = TokenBatch.Run(state: state, tokens: tokens, logits: .all, adapter: adapter)
    return try model.evaluate(TokenBatch([run])) { false }.values.floats
  }

  /// The largest difference in terms of the largest magnitude.
  private static func difference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count, !b.isEmpty else { return .infinity }
    let largest = b.reduce(0) { max($0, $1.magnitude) }
    return zip(a, b).reduce(0) { $1.0.isNaN ? .infinity : max($0, ($1.0 - $1.1).magnitude) } / largest
  }

  @Test("With an adapter the logits are those of peft", arguments: names)
  func logitsOfPEFT(name: String) throws {
    let expected = try Self.expected(name)
    let model = try Self.model(expected.base)
    let adapter = try LowRankAdapter(path: Self.path(name))
    let loaded = try model.load(adapter, scale: 1)
    #expect(try loaded.bytes == model.bytes(of: adapter) && loaded.bytes > adapter.parameters)
    let plain = try Self.logits(model, expected.prompt, nil)
    let off = Self.difference(try Self.logits(model, expected.prompt, loaded), expected.logits)
    print("\(name): off by \(off)")
    #expect(off <= 1e-5)
    // The adapter matters, and not having it, or one of scale 0, leaves the model as it is.
    #expect(Self.difference(plain, expected.logits) > 0.1)
    let nothing = try model.load(adapter, scale: 0)
    #expect(try Self.logits(model, expected.prompt, nothing) == plain)
    #expect(try Self.logits(model, expected.prompt, nil) == plain)
  }

  @Test("The same adapter as a GGUF file gives the same bits")
  func ggufForm() throws {
    for name in ["llama3", "llama3_half"] {
      let adapter = try LowRankAdapter(path: Self.path(name))
      let model = try Self.model("llama3")
      let converted = try model.translated(adapter)
      #expect(converted.naming == .gguf && converted.architecture == "llama")
      let folder = try TemporaryFolder()
      let path = folder.path + "/a.gguf"
      try Data(converted.gguf().encoded()).write(to: URL(filePath: path))
      let read = try LowRankAdapter(path: path)
      let prompt = try Self.expected(name).prompt
      let one = try Self.logits(model, prompt, model.load(adapter, scale: 0.5))
      let two = try Self.logits(model, prompt, model.load(read, scale: 0.5))
      #expect(one == two)
    }
  }

  @Test("In any company each run gets the bits that it gets alone", arguments: ComputeMode.allCases)
  func mixedBatches(compute: ComputeMode) throws {
    var seen: Set<[UInt32]> = []
    for (threads, kernels) in [(1, KernelSet.preferred), (2, .preferred), (2, .reference)] {
      let model = try Self.model("llama3", compute: compute, threads: threads, kernels: kernels)
      // Ranks 2, 4 with one head among the targets, 1 to 6, 3 in bf16, and none.
      let adapters: [ModelAdapter?] =
        try ["llama3_qv", "llama3", "llama3_patterns", "llama3_half"].map {
          try model.load(LowRankAdapter(path: Self.path($0)), scale: 0.75)
        } + [nil]
      let prompts = (0..<7).map { index in (0..<(5 + 9 * index)).map { Int32(3 + ($0 * 7 + index * 11) % 90) } }
      func adapter(_ index: Int) -> ModelAdapter? { adapters[(index * 3) % adapters.count] }
      // Alone: a prompt, then single steps.
      let fed: [Int32] = [5, 40, 17]
      var alone: [[Float]] = []
      for (index, prompt) in prompts.enumerated() {
        let state = try model.makeState(capacity: 80)
        var values: [Float] = []
        for tokens in [prompt] + fed.map({ [$0] }) {
          let run = TokenBatch.Run(state: state, tokens: tokens, logits: .last, adapter: adapter(index))
          values += try model.evaluate(TokenBatch([run])) { false }.values.floats
        }
        alone.append(values)
      }
      for (index, other) in alone.enumerated() where index > 0 { #expect(other != alone[0]) }
      // Together, twice, so that the second time captured steps are replayed by other adapters.
      for order in [Array(prompts.indices), prompts.indices.reversed()] {
        let states = try prompts.map { _ in try model.makeState(capacity: 80) }
        var together = [[Float]](repeating: [], count: prompts.count)
        for step in 0...fed.count {
          let runs = order.map { index in
            TokenBatch.Run(
              state: states[index], tokens: step == 0 ? prompts[index] : [fed[step - 1]], logits: .last,
              adapter: adapter(index))
          }
          let logits = try model.evaluate(TokenBatch(runs)) { false }
          for (place, index) in order.enumerated() { together[index] += logits.row(logits.rows[place].lowerBound) }
        }
        #expect(together == alone, "\(compute), \(threads) threads, \(kernels)")
      }
      seen.insert(alone.joined().map(\.bitPattern))
    }
    #expect(seen.count == 1)
  }

  @Test("A row without adapter in an adapted step has the bits of a plain step", arguments: names)
  func plainRows(name: String) throws {
    let (base, prompt, _) = try Self.expected(name)
    for compute in ComputeMode.allCases {
      let model = try Self.model(base, compute: compute)
      let loaded = try model.load(LowRankAdapter(path: Self.path(name)), scale: 1)
      let plain = try Self.logits(model, prompt, nil)
      let states = try (0..<2).map { _ in try model.makeState(capacity: 64) }
      let batch = TokenBatch([
        .init(state: states[0], tokens: prompt, logits: .none, adapter: loaded),
        .init(state: states[1], tokens: prompt, logits: .all),
      ])
      #expect(try model.evaluate(batch) { false }.values.floats == plain, "\(compute)")
    }
  }

  @Test("An adapter that is not the model's is refused by what it would change")
  func foreign() throws {
    let model = try Self.model("llama3")
    func problem(_ name: String, _ change: (inout [LowRankAdapter.Target]) throws -> Void = { _ in }) throws -> String {
      let adapter = try LowRankAdapter(path: Self.path(name))
      var targets = adapter.targets
      try change(&targets)
      let changed = try LowRankAdapter(naming: .huggingFace, targets: targets)
      do { _ = try model.bytes(of: changed) } catch { return "\(error)" }
      return "none"
    }
    #expect(try problem("llama3") == "none")
    #expect(try problem("gpt_neox").contains("query_key_value"))
    #expect(try problem("gpt2").contains("attn"))
    // A name that means a matrix in the engine's own terms is told in those.
    for (from, to, told) in [
      ("layers.0", "layers.7", "blk.7.attn_q"), ("layers.0", "layers.-1", "blk.-1.attn_q"),
      ("model.layers.0", "vision.layers.0", "vision.layers.0"), ("q_proj", "x_proj", "x_proj"),
    ] {
      let text = try problem("llama3_qv") { targets in
        for index in targets.indices { targets[index].name = targets[index].name.replacing(from, with: to) }
      }
      #expect(text.contains(told), "\(text)")
    }
    var gguf = try model.translated(LowRankAdapter(path: Self.path("llama3")))
    gguf.architecture = "qwen3"
    #expect(throws: ModelError.self) { try model.bytes(of: gguf) }
    // One that another model has loaded.
    let other = try Self.model("llama3").load(LowRankAdapter(path: Self.path("llama3")), scale: 1)
    #expect(throws: ModelError.foreignAdapter) { try Self.logits(model, [5, 6], other) }
  }

  @Test("Models without matrices that can be changed say so", arguments: ["mamba2", "rwkv7"])
  func refusing(name: String) throws {
    let model = try Self.model(name)
    #expect(!model.takesAdapters)
    #expect(throws: ModelError.self) { try model.bytes(of: LowRankAdapter(path: Self.path("llama3"))) }
  }

  @Test("Merged into the weights an adapter gives the logits that it gives beside them", arguments: names)
  func merged(name: String) throws {
    let (base, prompt, expected) = try Self.expected(name)
    let checkpoint = try Checkpoint(path: GoldenFiles.url("architectures/\(base)").path)
    let merged = try checkpoint.merged(with: LowRankAdapter(path: Self.path(name)))
    let options = LoadOptions(compute: .f32, stepTokens: 64, logitRows: 64)
    let model = try ModelLoader.load(merged, options: options, context: Context(threads: 2)).model
    #expect(Self.difference(try Self.logits(model, prompt, nil), expected) <= 1e-5)
  }
}
