import ArgumentParser
import Profiling
import Venturi

/// Fast computation against f32.
package struct EvalDivergence: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "kl", abstract: "Divergence of the fast computation from the f32 computation on a text.",
    discussion: "The mean of KL(f32 ‖ fast) over the positions that `eval perplexity` scores.")

  @OptionGroup(title: "Text") package var text: EvalOptions
  @OptionGroup(title: "Model") package var model: ModelOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let evaluation = try Evaluation(text: text, model: model)
    let reference = try evaluation.load(compute: .f32)
    let fast = try evaluation.load(compute: .fast)
    let progress = ProgressBar("kl")
    defer { progress.finish() }
    let result = try Divergence(
      evaluation.tokens, beginning: evaluation.beginning, reference: reference, model: fast,
      context: evaluation.context, limit: text.windows ?? .max,
      report: { window, value in progress.show("window \(window), \(Human.fixed(value, 6))") },
      isCancelled: { Interrupts.isRequested })
    progress.finish()
    if output.json {
      let report: JSON = [
        "kl": .rounded(result.kl, digits: 8), "maximum": .rounded(result.maximum, digits: 6),
        "sameTop": .rounded(result.sameTop), "positions": .integer(result.positions),
        "perplexity": .rounded(result.perplexity, digits: 8),
        "referencePerplexity": .rounded(result.referencePerplexity, digits: 8),
        "model": .string(fast.description.name),
      ]
      Output.answer(report.line)
    } else {
      Output.answer(
        """
        KL \(Human.fixed(result.kl, 6)) (largest \(Human.fixed(result.maximum, 4))) over \(result.positions) positions
        same likeliest token \(Human.fixed(result.sameTop * 100, 2)) %
        perplexity \(Human.fixed(result.perplexity, 4)), of f32 \(Human.fixed(result.referencePerplexity, 4))
        """)
    }
  }
}
