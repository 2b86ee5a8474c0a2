import ArgumentParser

/// How good a model's predictions are.
package struct Eval: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "eval", abstract: "Measures quality on a text, and conformance.",
    subcommands: [EvalPerplexity.self, EvalDivergence.self, EvalONNX.self])

  package init() {}
}
