import ArgumentParser
import Venturi

extension ComputeMode: ExpressibleByArgument {}
extension CacheType: ExpressibleByArgument {}

/// How a model is loaded.
package struct LoadingOptions: ParsableArguments {
  @Option(
    name: [.customShort("t"), .customLong("threads")], parsing: .unconditional,
    help: "Threads that compute; by default one per processor.")
  package var threads: Int?

  @Option(
    help: ArgumentHelp(
      "fast: 8-bit activations on the file's weights. f32: weights decoded to f32, all computed in f32.",
      discussion: "fast unless a profile says otherwise."))
  package var compute: ComputeMode?

  @Option(
    help: ArgumentHelp(
      "What keys and values are kept in: f32, f16, or q8, 8-bit integers with a scale for each vector.",
      discussion: "f16 unless a profile says otherwise; f32 with --compute f32."))
  package var cacheType: CacheType?

  @Option(help: ArgumentHelp("Refuse a model that needs more memory than this.", valueName: "bytes, 512M, 2G"))
  package var memoryLimit: ByteCount?

  package init() {}

  /// The engine's options, as far as every verb that computes has them; no profile counts.
  package var engineOptions: EngineOptions {
    EngineOptions(
      compute: compute, cache: cacheType, threads: threads, memoryLimit: memoryLimit?.bytes, profile: .none)
  }
}
