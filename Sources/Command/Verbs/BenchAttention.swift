import ArgumentParser
import Profiling
import Venturi

/// Forward passes of exact attention.
package struct BenchAttention: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "attention", abstract: "Forward passes of exact attention over one sequence, f32.",
    discussion: """
      Prints GFLOP/s; --json has the peak of extra memory too. With --decode: one token's attention over an f16 cache of \
      --n keys, layer after layer, in GB/s of keys and values read, beside what memory gives.
      """)

  @Option(name: .customLong("n"), help: "Sequence lengths.")
  package var n = CountList([2048, 8192])

  @Option(help: "Query heads.")
  package var heads: Int = 8

  @Option(help: "Key and value heads; by default as many as query heads.")
  package var kvHeads: Int?

  @Option(name: .customLong("d"), help: "The width of a head.")
  package var d: Int = 64

  @Flag(inversion: .prefixedNo, help: "Only causal, or only full attention; by default both.")
  package var causal: Bool?

  @Flag(help: "One token over an f16 cache instead of all queries.")
  package var decode = false

  @Option(help: "With --decode, the layers of the cache.")
  package var layers: Int = 30

  @Option(name: [.customShort("t"), .customLong("threads")], help: "Thread counts.")
  package var threads = CountList([KernelThreads.all])

  @OptionGroup(title: "Benchmark") package var bench: BenchOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    try n.check("--n", 1...65536)
    if !(1...1024).contains(heads) { throw ValidationError("--heads \(heads): must be from 1 to 1024") }
    if let kvHeads, kvHeads < 1 || !heads.isMultiple(of: kvHeads) {
      throw ValidationError("--kv-heads \(kvHeads): must divide --heads \(heads)")
    }
    if !(1...1024).contains(d) { throw ValidationError("--d \(d): must be from 1 to 1024") }
    if !(1...4096).contains(layers) { throw ValidationError("--layers \(layers): must be from 1 to 4096") }
    try threads.check("--threads", 1...1024)
  }

  package func run() throws {
    // Without a choice of heads: equal heads, and nine query heads over three, as small models have them.
    let shapes = heads == 8 && kvHeads == nil && d == 64 ? [(8, 8), (9, 3)] : [(heads, kvHeads ?? heads)]
    let masks = causal.map { [$0] } ?? [false, true]
    let cases = shapes.flatMap { heads, kvHeads in
      n.values.flatMap { n -> [any OperatorCase] in
        if decode { return [DecodeCase(n: n, heads: heads, kvHeads: kvHeads, d: d, layers: layers)] }
        return masks.map { AttentionCase(n: n, heads: heads, kvHeads: kvHeads, d: d, causal: $0) }
      }
    }
    try bench.measure(cases, subject: "attention", threads: threads, output: output)
  }
}
