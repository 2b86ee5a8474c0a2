import ArgumentParser

/// Which text is scored.
package struct EvalOptions: ParsableArguments {
  @Option(name: [.customShort("f"), .customLong("file")], help: "The text.")
  package var file: String

  @Option(help: "The most windows to score.")
  package var windows: Int?

  package init() {}

  package func validate() throws {
    if let windows, windows < 1 { throw ValidationError("--windows \(windows): must be at least 1") }
  }
}
