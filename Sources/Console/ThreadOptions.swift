import ArgumentParser

/// How many threads a verb without a model to load computes with.
package struct ThreadOptions: ParsableArguments {
  @Option(
    name: [.customShort("t"), .customLong("threads")], parsing: .unconditional,
    help: "Threads that compute; by default one per processor.")
  package var threads: Int?

  package init() {}

  package func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): must be from 1 to 1024")
    }
  }
}
