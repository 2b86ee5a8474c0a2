import ArgumentParser

/// Which text is scored, by which model, and how the result is printed.
package struct EvalOptions: ParsableArguments {
  @Option(name: [.customShort("f"), .customLong("file")], help: "The text.")
  package var file: String

  @Option(help: "The most windows to score.")
  package var windows: Int?

  @OptionGroup(title: "Model") package var model: ModelOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if let windows, windows < 1 { throw ValidationError("--windows \(windows): must be at least 1") }
  }

  /// Scores the text while a line on the terminal shows how far it is.
  ///
  /// - Throws: what reading the files and `body` throw.
  func measure<Result>(
    _ title: String, digits: Int, _ body: (Evaluation, _ limit: Int, _ report: (Int, Double) -> Void) throws -> Result
  ) throws -> Result {
    let evaluation = try Evaluation(text: self, model: model)
    let progress = ProgressBar(title)
    defer { progress.finish() }
    return try body(evaluation, windows ?? .max) { progress.show("window \($0), \(Human.fixed($1, digits))") }
  }
}
