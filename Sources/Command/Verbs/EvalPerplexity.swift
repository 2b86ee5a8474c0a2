import ArgumentParser
import Profiling
import Venturi

/// Perplexity on a text.
package struct EvalPerplexity: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "perplexity", abstract: "Perplexity on a text, by llama.cpp's protocol.",
    discussion: "Windows of 512 tokens, the second half of each scored, what does not fill a window dropped.")

  @OptionGroup package var options: EvalOptions

  package init() {}

  package func run() throws {
    let compute = options.model.compute ?? .fast
    let (score, name) = try options.measure("perplexity", digits: 4) { evaluation, limit, report in
      let model = try evaluation.load(compute: compute, cache: options.model.cacheType)
      let score = try TextScore(
        evaluation.tokens, beginning: evaluation.beginning, model: model, context: evaluation.context, limit: limit,
        report: report)
      return (score, model.description.name)
    }
    if options.output.json {
      let report: JSON = [
        "perplexity": .rounded(score.perplexity, digits: 8), "tokens": .integer(score.tokens),
        "windows": .integer(score.windows), "compute": .string(compute.rawValue), "model": .string(name),
      ]
      Output.answer(report.line)
    } else {
      Output.answer("perplexity \(Human.fixed(score.perplexity, 4)) over \(score.tokens) tokens")
    }
  }
}
