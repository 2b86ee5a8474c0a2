import ArgumentParser

/// How many tokens are computed at once.
package struct BatchOptions: ParsableArguments {
  @Option(
    name: [.customShort("b"), .customLong("batch-size")], parsing: .unconditional,
    help: "The most prompt tokens computed in one step; 512 unless a profile says otherwise.")
  package var size: Int?

  package init() {}
}
