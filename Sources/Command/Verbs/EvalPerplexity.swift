import ArgumentParser
import Profiling
import Venturi

/// Perplexity on a text.
package struct EvalPerplexity: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "perplexity", abstract: "Perplexity on a text, by llama.cpp's protocol.",
    discussion: "Windows of 512 tokens, the second half of each scored, what does not fill a window dropped.")

  @OptionGroup(title: "Text") package var text: EvalOptions
  @OptionGroup(title: "Model") package var model: ModelOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let evaluation = try Evaluation(text: text, model: model)
    let loaded = try evaluation.load(compute: model.compute)
    let progress = ProgressBar("perplexity")
    defer { progress.finish() }
    let score = try TextScore(
      evaluation.tokens, beginning: evaluation.beginning, model: loaded, context: evaluation.context,
      limit: text.windows ?? .max,
      report: { window, value in progress.show("window \(window), \(Human.fixed(value, 4))") },
      isCancelled: { Interrupts.isRequested })
    progress.finish()
    if output.json {
      let report: JSON = [
        "perplexity": .rounded(score.perplexity, digits: 8), "tokens": .integer(score.tokens),
        "windows": .integer(score.windows), "compute": .string(model.compute.rawValue),
        "model": .string(loaded.description.name),
      ]
      Output.answer(report.line)
    } else {
      Output.answer("perplexity \(Human.fixed(score.perplexity, 4)) over \(score.tokens) tokens")
    }
  }
}
