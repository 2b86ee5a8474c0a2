import ArgumentParser
import Profiling
import Venturi

/// Prompt and generation speed of a model file.
package struct BenchModel: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Prompt and generation speed of a model file, as llama-bench has it.")

  @Option(name: [.customShort("m"), .customLong("model")], help: "A model file's path, or the name of a pulled model.")
  package var model = "smollm2"

  @Option(name: [.customShort("t"), .customLong("threads")], help: "Thread counts.")
  package var threads = CountList([KernelThreads.all])

  @Option(name: [.customShort("p"), .customLong("n-prompt")], help: "Prompt lengths; 0 for none.")
  package var prompts = CountList([512])

  @Option(name: [.customShort("n"), .customLong("n-gen")], help: "Numbers of generated tokens; 0 for none.")
  package var generations = CountList([128])

  @Option(name: [.customShort("d"), .customLong("depth")], help: "Tokens that the cache holds before.")
  package var depths = CountList([0])

  @Option(help: "How products are computed.")
  package var compute: ComputeMode = .fast

  @Option(help: "What keys and values are kept in; the peers' is f16.")
  package var cacheType: CacheType?

  @OptionGroup(title: "Benchmark") package var bench: BenchOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    try threads.check("--threads", 1...1024)
    if prompts.values.allSatisfy({ $0 == 0 }), generations.values.allSatisfy({ $0 == 0 }) {
      throw ValidationError("--n-prompt and --n-gen are both 0: nothing is left to measure")
    }
  }

  package func run() throws {
    let path = try ModelAccess.path(of: model)
    let cache = cacheType ?? CacheType(for: compute)
    let checkpoint = try Checkpoint(path: path)
    let (inventory, types) = (try WeightInventory(checkpoint, cache: cache), WeightInventory.types(checkpoint))
    let tests = ModelTest.tests(prompts: prompts.values, generations: generations.values, depths: depths.values)
    let benchmark = ModelBenchmark(
      path: path, inventory: inventory, threads: threads.values, tests: tests, peers: bench.peers, timing: bench.timing,
      fingerprint: bench.fingerprint("\(path), \(checkpoint.fileBytes) bytes, \(compute.rawValue), \(cache.rawValue)"))
    let progress = ProgressBar("bench")
    progress.show("measuring \(tests.count * threads.values.count) cells")
    defer { progress.finish() }
    var number = 0
    let result = try benchmark.run(
      catalogue: PeerCatalogue.installed, store: try bench.store(),
      load: { [compute] context in
        try ModelLoader.load(path: path, options: LoadOptions(compute: compute, cache: cache), context: context).model
      },
      report: { row in
        number += 1
        progress.finish()
        Output.note(BenchTable.line(row))
        progress.show("\(number) of \(tests.count * threads.values.count) cells")
      })
    progress.finish()
    let report: JSON = [
      "model": .string(path), "types": .string(types), "compute": .string(compute.rawValue),
      "cache": .string(cache.rawValue),
      "pairs": .integer(bench.pairs), "machine": MachineReport.json, "ceilings": .array(result.ceilings),
      "rows": .array(result.rows),
    ]
    Output.answer(output.json ? report.line : BenchTable.text(result.rows))
  }
}
