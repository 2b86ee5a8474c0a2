import ArgumentParser
import Profiling
import Venturi

/// Another way of computing against f32.
package struct EvalDivergence: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "kl", abstract: "Divergence of the fast computation from the f32 computation on a text.",
    discussion: """
      The mean of KL(f32 ‖ model) over the positions that `eval perplexity` scores; --compute f32 compares f32 with \
      itself. With --reference the model is compared with another one in f32, such as the one it was quantised from.
      """)

  @Option(help: ArgumentHelp("The model that is computed in f32; the same one by default.", valueName: "model"))
  package var reference: String?

  @OptionGroup package var options: EvalOptions

  package init() {}

  package func run() throws {
    let (result, name) = try options.measure("kl", digits: 6) { evaluation, limit, report in
      let other = try reference.map { try Checkpoint(path: ModelAccess.path(of: $0)) }
      let reference = try evaluation.load(other, compute: .f32)
      let model = try evaluation.load(compute: options.model.compute ?? .fast, cache: options.model.cacheType)
      let result = try Divergence(
        evaluation.tokens, beginning: evaluation.beginning, reference: reference, model: model,
        context: evaluation.context, limit: limit, report: report)
      return (result, model.description.name)
    }
    if options.output.json {
      let report: JSON = [
        "kl": .rounded(result.kl, digits: 8), "maximum": .rounded(result.maximum, digits: 6),
        "sameTop": .rounded(result.sameTop), "positions": .integer(result.positions),
        "perplexity": .rounded(result.perplexity, digits: 8),
        "referencePerplexity": .rounded(result.referencePerplexity, digits: 8),
        "compute": .string((options.model.compute ?? .fast).rawValue),
        "cache": options.model.cacheType.map { .string($0.rawValue) } ?? .null, "model": .string(name),
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
