import ArgumentParser
import Console
import Venturi

/// Which adapters the first model has.
package struct AdapterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A folder of low-rank adapters for the first model: each folder in it that PEFT wrote, and each .gguf file, answers "
        + "requests for MODEL:NAME.", valueName: "folder"))
  package var adapters: String?

  @Option(
    help: ArgumentHelp(
      "The most memory of loaded adapters; the one that was used least recently goes for another. 512M by default.",
      valueName: "bytes, 64M, 2G"))
  package var adapterMemory: ByteCount?

  package init() {}

  /// The adapters, by name.
  ///
  /// - Throws: ``CommandFailure`` for a folder without any.
  func sources() throws -> [AdapterSource] {
    guard let adapters else { return [] }
    let sources = AdapterSource.all(in: adapters)
    guard !sources.isEmpty else {
      throw CommandFailure(
        status: .usage, kind: "usage", message: "--adapters \(adapters): no folder of PEFT's and no .gguf file is in it"
      )
    }
    return sources
  }
}
