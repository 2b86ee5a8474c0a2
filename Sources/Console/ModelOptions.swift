import ArgumentParser
import Venturi

/// Which model, and how it is loaded.
package struct ModelOptions: ParsableArguments {
  @Option(name: [.customShort("m"), .customLong("model")], help: "A model file's path, or the name of a pulled model.")
  package var model = "smollm2"

  @OptionGroup package var loading: LoadingOptions

  package init() {}

  /// How products are computed, if that is said.
  package var compute: ComputeMode? { loading.compute }

  /// What keys and values are kept in, if that is said.
  package var cacheType: CacheType? { loading.cacheType }

  /// The engine's options, as far as every verb that computes has them; no profile counts.
  package var engineOptions: EngineOptions { loading.engineOptions }
}
