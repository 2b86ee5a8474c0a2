import ArgumentParser
import Profiling
import Venturi

/// Products of f32 matrices.
package struct BenchGemm: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "gemm", abstract: "Products of f32 matrices: A[M,K] · B[N,K]ᵀ, a linear layer's.")

  @Option(name: .customShort("m", allowingJoined: false), help: "Rows.")
  package var m = CountList([1, 8, 64, 512])

  @Option(name: .customShort("n", allowingJoined: false), help: "Columns of the result.")
  package var n = CountList([576, 1536, 4096])

  @Option(name: .customShort("k", allowingJoined: false), help: "The inner extent.")
  package var k = CountList([576, 1536, 4096])

  @Option(help: "Squares of these sizes too.")
  package var square = CountList([512, 1024, 2048])

  @Option(name: [.customShort("t"), .customLong("threads")], help: "Thread counts.")
  package var threads = CountList([KernelThreads.all])

  @OptionGroup(title: "Benchmark") package var bench: BenchOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    for (name, list) in [("-m", m), ("-n", n), ("-k", k)] { try list.check(name, 1...65536) }
    try square.check("--square", 0...16384)
    try threads.check("--threads", 1...1024)
  }

  package func run() throws {
    let squares = square.values.filter { $0 > 0 }.map { MatrixProduct(m: $0, n: $0, k: $0, transposed: false) }
    let layers = m.values.flatMap { m in
      n.values.flatMap { n in k.values.map { k in MatrixProduct(m: m, n: n, k: k, transposed: true) } }
    }
    try bench.measure(layers + squares, subject: "gemm", threads: threads, output: output)
  }
}
