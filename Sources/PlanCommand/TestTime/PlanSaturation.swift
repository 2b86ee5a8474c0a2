import ArgumentParser
import Console
import Formats
import Planner

/// From how many answers on another one brings too little.
package struct PlanSaturation: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "saturation",
    abstract: "From how many answers, or rounds of thinking again, another brings too little.",
    discussion: """
      From scores at several numbers of answers (--curve, a CSV file with the columns n and score), from answers to problems \
      (--attempts, with samples and correct), or from a chance that is known (--chance).
      """)

  @Option(help: ArgumentHelp("Scores: a CSV file with the columns n and score.", valueName: "file"))
  package var curve: String?

  @Option(help: ArgumentHelp("Problems: a CSV file with the columns samples and correct.", valueName: "file"))
  package var attempts: String?

  @Option(help: "The chance that an answer is right, where it is known.")
  package var chance: Double?

  @Option(help: "The score that no number of answers exceeds, beside --chance.")
  package var ceiling = 1.0

  @Option(help: "The least gain of another answer that still pays.")
  package var epsilon = 0.01

  @Option(help: "The chance that a round of thinking again makes a wrong answer right; prices mixtures of both.")
  package var rethinkChance: Double?

  @Option(help: "Tokens of a question.")
  package var prompt = 128

  @Option(help: "Tokens of an answer.")
  package var answer = 512

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let sources = [curve, attempts, chance.map { "\($0)" }].compactMap { $0 }
    guard sources.count == 1 else {
      throw PlannerError.invalid(field: "--curve", problem: "one of --curve, --attempts and --chance is needed")
    }
    let fit = try fit()
    let model =
      if let fit { fit.model } else { try SaturationModel(ceiling: ceiling, chance: chance ?? 0) }
    let count = try model.saturation(gain: epsilon)
    let mixed = try fit?.mixture?.saturation(gain: epsilon)
    var strategies: [TestTimeStrategy] = []
    if let rethinkChance {
      strategies = TestTimeStrategy.frontier(
        try TestTimeStrategy.all(
          parallel: model, sequential: try SaturationModel(chance: rethinkChance), prompt: prompt, answer: answer,
          limit: (64, 16)))
    }
    for warning in fit?.warnings ?? [] { Output.note("venturi: \(warning)") }
    if output.json {
      Output.answer(json(model, fit, count, mixed, strategies).line)
    } else {
      Output.answer(text(model, fit, count, mixed, strategies))
    }
  }

  private func fit() throws -> SaturationFit? {
    if let curve {
      let table = try PlanTable(curve)
      let points = zip(try table.integers("n"), try table.numbers("score")).map { CurvePoint(count: $0, score: $1) }
      return try SaturationFit(points)
    }
    guard let attempts else { return nil }
    let table = try PlanTable(attempts)
    let rows = zip(try table.integers("samples"), try table.integers("correct"))
    return try SaturationFit(problems: try rows.map { try Attempts(samples: $0, correct: $1) })
  }

  private func json(
    _ model: SaturationModel, _ fit: SaturationFit?, _ count: Int?, _ mixed: Int?, _ strategies: [TestTimeStrategy]
  ) -> JSON {
    func band(_ band: ClosedRange<Double>?) -> JSON {
      guard let band else { return .null }
      return .array([.number(band.lowerBound), .number(band.upperBound)])
    }
    func whole(_ value: Int?) -> JSON { value.map { JSON.integer($0) } ?? .null }
    func number(_ value: Double?) -> JSON { value.map { JSON.number($0) } ?? .null }
    var mixture = JSON.null
    if let beta = fit?.mixture {
      mixture = [
        "ceiling": .number(beta.ceiling), "a": .number(beta.a), "b": .number(beta.b),
        "residual": number(fit?.mixtureResidual), "saturation": whole(mixed),
      ]
    }
    let list = strategies.map { strategy -> JSON in
      [
        "parallel": .integer(strategy.parallel), "rounds": .integer(strategy.rounds),
        "accuracy": .number(strategy.accuracy), "tokens": .number(strategy.tokens),
        "reread": .number(strategy.reread),
      ]
    }
    let warnings = (fit?.warnings ?? []).map { JSON.string($0) }
    return [
      "ceiling": .number(model.ceiling), "ceilingBand": band(fit?.ceilingBand), "chance": .number(model.chance),
      "chanceBand": band(fit?.chanceBand), "residual": number(fit?.residual), "epsilon": .number(epsilon),
      "saturation": whole(count), "tokensAtSaturation": number(count.map { Double($0) * Double(answer) }),
      "mixture": mixture, "warnings": .array(warnings), "strategies": .array(list),
    ]
  }

  private func text(
    _ model: SaturationModel, _ fit: SaturationFit?, _ count: Int?, _ mixed: Int?, _ strategies: [TestTimeStrategy]
  ) -> String {
    func band(_ band: ClosedRange<Double>?) -> String {
      band.map { "\(Human.fixed($0.lowerBound, 4)) to \(Human.fixed($0.upperBound, 4))" } ?? ""
    }
    var rows = [
      ["ceiling", Human.fixed(model.ceiling, 4), band(fit?.ceilingBand)],
      ["chance", Human.fixed(model.chance, 4), band(fit?.chanceBand)],
      [
        "answers that pay", count.map { "\($0)" } ?? "none",
        count.map { "score \(Human.fixed(model.value(at: Double($0)), 4)), \($0 * answer) tokens" }
          ?? "no answer is ever right",
      ],
    ]
    if let mixture = fit?.mixture {
      rows.append([
        "by a mixture", mixed.map { "\($0)" } ?? "none",
        "Beta(\(Human.fixed(mixture.a, 3)), \(Human.fixed(mixture.b, 3))), ceiling \(Human.fixed(mixture.ceiling, 4))",
      ])
    }
    var text = Human.table(rows, numeric: [1])
    if !strategies.isEmpty {
      let table = strategies.map {
        ["\($0.parallel)", "\($0.rounds)", Human.fixed($0.accuracy, 4), Human.fixed($0.tokens, 0)]
      }
      text += "\n\n" + Human.table([["parallel", "rounds", "accuracy", "tokens"]] + table, numeric: [0, 1, 2, 3])
    }
    return text
  }
}
