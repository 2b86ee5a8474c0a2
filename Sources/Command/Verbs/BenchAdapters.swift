import ArgumentParser
import Profiling
import Venturi

/// Many adapters in one batch.
package struct BenchAdapters: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "adapters", abstract: "Answers of many adapters in one batch, against one after the other.",
    discussion: """
      A sequence for each adapter of a folder; each contestant gives every sequence one token: all in one step with their \
      adapters, one step after the other with them, all in one step without, one after the other without. Contestants take \
      turns; figures are medians with their range.
      """)

  @Option(name: [.customShort("m"), .customLong("model")], help: "A model file's path, or the name of a pulled model.")
  package var model = "smollm2"

  @Option(help: "A folder of adapters, as `venturi serve --adapters` takes it.")
  package var adapters: String

  @Option(name: [.customShort("t"), .customLong("threads")], help: "Threads; one per processor by default.")
  package var threads = KernelThreads.all

  @Option(help: "Tokens that each sequence has before.")
  package var depth = 64

  @Option(help: "Steps of a turn.")
  package var steps = 16

  @Option(help: "Turns of each contestant.")
  package var pairs = 9

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if !(1...1024).contains(threads) { throw ValidationError("--threads \(threads): from 1 to 1024") }
    for (name, value, limit) in [("depth", depth, 4096), ("steps", steps, 1024), ("pairs", pairs, 1000)]
    where !(1...limit).contains(value) {
      throw ValidationError("--\(name) \(value): from 1 to \(limit)")
    }
  }

  package func run() throws {
    let context = Context(threads: threads)
    let loaded = try ModelLoader.load(path: ModelAccess.path(of: model), context: context).model
    guard let model = loaded as? any AdaptableModel, model.takesAdapters else {
      throw InferenceError.adapter(name: adapters, problem: "the model takes none")
    }
    let sources = AdapterSource.all(in: adapters)
    guard !sources.isEmpty else { throw ValidationError("--adapters \(adapters): no adapter is in it") }
    let sets = try sources.map { try model.load(LowRankAdapter(path: $0.path), scale: 1) }
    let contestants = [
      ("together, adapted", true, true), ("one by one, adapted", false, true), ("together, plain", true, false),
      ("one by one, plain", false, false),
    ]
    var outcomes = try TimingProtocol(pairs: pairs).run(
      contestants.map { name, together, adapted in
        .init(name) { try turn(model, sets.map { adapted ? $0 : nil }, together: together) }
      })
    for index in outcomes.indices { outcomes[index].seconds = outcomes[index].seconds.map { $0 / Double(steps) } }
    if let failure = outcomes.compactMap(\.failure).first {
      throw ProfilingError.invalidSetting(field: "adapters", problem: failure)
    }
    tell(outcomes, count: sets.count, bytes: sets.reduce(0) { $0 + $1.bytes })
  }

  /// The seconds of some steps that give each sequence a token.
  private func turn(_ model: any AdaptableModel, _ sets: [ModelAdapter?], together: Bool) throws -> Double {
    let tokens = (0..<depth).map { Int32(($0 * 37 + 11) % min(model.description.vocabularySize, 30_000)) }
    let runs = try sets.map { adapter in
      TokenBatch.Run(
        state: try model.makeState(capacity: depth + steps + 2), tokens: tokens, logits: .last, adapter: adapter)
    }
    func step(_ tokens: [Int32]) throws {
      let next = runs.map { TokenBatch.Run(state: $0.state, tokens: tokens, logits: .last, adapter: $0.adapter) }
      for batch in together ? [next] : next.map({ [$0] }) { _ = try model.evaluate(TokenBatch(batch)) { false } }
    }
    try step(tokens)
    try step([7])
    return try TimingProtocol.time { for index in 0..<steps { try step([Int32(20 + index)]) } }
  }

  private func tell(_ outcomes: [TimingProtocol.Outcome], count: Int, bytes: Int) {
    let summaries = outcomes.map { ($0.name, Summary($0.seconds)) }
    func median(_ index: Int) -> Double { summaries[index].1?.median ?? .nan }
    let (gain, cost) = (median(1) / median(0), median(0) / median(2))
    if output.json {
      Output.answer(
        JSON.object([
          JSON.Member("adapters", .integer(count)), JSON.Member("adapter_bytes", .integer(bytes)),
          JSON.Member("threads", .integer(threads)),
          JSON.Member("seconds", .object(summaries.map { JSON.Member($0.0, $0.1?.json ?? .null) })),
          JSON.Member("together_against_one_by_one", .rounded(gain)),
          JSON.Member("adapted_against_plain", .rounded(cost)),
        ]).line)
      return
    }
    for (name, summary) in summaries {
      guard let summary else { continue }
      let range = "\(Human.fixed(summary.min * 1e3, 2)) to \(Human.fixed(summary.max * 1e3, 2))"
      Output.answer("\(name): \(Human.fixed(summary.median * 1e3, 2)) ms for \(count) tokens (\(range))")
    }
    Output.answer(
      "\(count) adapters of \(Human.fixed(Double(bytes) / Double(count) / 1e6, 1)) MB: together \(Human.fixed(gain, 2)) times as fast "
        + "as one by one; adapters make a step \(Human.fixed(cost, 2)) times as long")
  }
}
