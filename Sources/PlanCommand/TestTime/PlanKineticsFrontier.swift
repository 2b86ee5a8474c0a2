import ArgumentParser
import Console
import Formats
import Planner
import Profiling

/// Which model with how many answers of which length is best at a cost.
package struct PlanKineticsFrontier: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "frontier", abstract: "From answers of several models, the best model, count and length at each cost.",
    discussion: """
      The file has an object on each line: {"model", "question", "length", "correct"}; a model is one of the catalogue. Sparse \
      attention is priced as if it changed no answer.
      """)

  @Argument(help: "Answers, an object on each line.")
  package var file: String

  @Option(help: ArgumentHelp("Answers to a question.", valueName: "counts"))
  package var trials = CountList([1, 2, 4, 8])

  @Option(help: ArgumentHelp("The most tokens of an answer.", valueName: "tokens"))
  var length = TokenCounts([1000, 2000, 4000, 8000, 16_000, 32_000])

  @Option(help: "Tokens of a question.")
  package var prompt = 128

  @Option(help: ArgumentHelp("Sparse attention beside the dense one; as of `cost`.", valueName: "kind"))
  package var sparse: [String] = []

  @Option(help: "Operations for a byte.")
  package var intensity = Kinetics.defaultIntensity

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    var records: [KineticsRecord] = []
    for (number, line) in (try InputText.file(file)).split(separator: "\n").enumerated() {
      let object: JSON
      do { object = try JSON(parsing: line) } catch {
        throw PlannerError.invalid(field: "\(file), line \(number + 1)", problem: "\(error)")
      }
      guard let model = object["model"]?.text, let length = object["length"]?.int,
        let question = object["question"]?.text ?? object["question"]?.int.map(String.init),
        case .bool(let isCorrect)? = object["correct"]
      else {
        throw PlannerError.invalid(
          field: "\(file), line \(number + 1)", problem: "no object with model, question, length and correct")
      }
      records.append(KineticsRecord(model: model, question: question, length: length, isCorrect: isCorrect))
    }
    let known = ModelCatalogue.published.entries.map { entry in
      KineticsModel.qwen3.first { $0.name == entry.shape.name } ?? KineticsModel(entry.shape)
    }
    let attentions = [KineticsAttention.dense] + (try sparse.map { try SparseArgument.attention($0) })
    let frontier = try KineticsFrontier(
      records, models: known, trials: trials.values, lengths: length.values, attentions: attentions, prompt: prompt,
      intensity: intensity
    ).frontier
    if output.json {
      Output.answer(
        JSON.array(
          frontier.map { setting in
            [
              "model": .string(setting.model), "trials": .integer(setting.trials), "tokens": .integer(setting.length),
              "budget": setting.budget.map { JSON.integer($0) } ?? .null, "equivalent": .number(setting.cost),
              "coverage": .number(setting.coverage),
            ]
          }
        ).line)
    } else {
      let rows = frontier.map { setting in
        [
          Human.fixed(setting.cost / 1e12, 3), Human.fixed(setting.coverage, 4), setting.model, "\(setting.trials)",
          "\(setting.length)", setting.budget.map { "\($0)" } ?? "all",
        ]
      }
      Output.answer(
        Human.table([["all T", "coverage", "model", "answers", "tokens", "read"]] + rows, numeric: [0, 1, 3, 4, 5]))
    }
  }
}
