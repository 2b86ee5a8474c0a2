import ArgumentParser
import Console
import Formats
import Planner
import Profiling
import Venturi

/// A profile from queries that are timed now.
package struct PlanIdealizedMeasure: ParsableCommand, ModelVerb {
  package static let configuration = CommandConfiguration(
    commandName: "measure", abstract: "Times a few short queries of a model here, and fits its profile to them.",
    discussion: """
      Every query has the answer length that was asked for, whatever the model would end with; it is the least of its repetitions \
      that counts. The default grid has 15 queries: prompts of 1, 64, 256, 768 and 1500 tokens, three times each. What the \
      queries took is the profile's cost.
      """)

  @Option(
    help: ArgumentHelp("Tokens of the prompts, ascending; default stands for those above.", valueName: "16,512,1500"))
  package var grid = "default"

  @Option(help: ArgumentHelp("Tokens of each answer.", valueName: "tokens"))
  package var answer = RuntimeGrid.standard.output

  @Option(name: .customLong("repeat"), help: ArgumentHelp("How often each query is asked.", valueName: "count"))
  package var repetitions = RuntimeGrid.standard.repetitions

  @Flag(help: "Take a token's time as the same at any context.")
  package var flat = false

  @Option(help: ArgumentHelp("Write the profile to a file.", valueName: "file"))
  package var out: String?

  @OptionGroup(title: "Model") package var model: ModelOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  /// The model's name or path, as given.
  package var modelName: String { model.model }

  private func queries() throws -> RuntimeGrid {
    if grid == "default" {
      return try RuntimeGrid(prompts: RuntimeGrid.standard.prompts, output: answer, repetitions: repetitions)
    }
    let prompts = try grid.split(separator: ",", omittingEmptySubsequences: false).map { word in
      guard let count = Int(word) else {
        throw PlannerError.invalid(field: "--grid", problem: "'\(word)' is no whole number")
      }
      return count
    }
    return try RuntimeGrid(prompts: prompts, output: answer, repetitions: repetitions)
  }

  package func run() throws {
    let queries = try queries()
    let options = model.engineOptions
    try options.validate()
    let path = try ModelAccess.path(of: modelName)
    let context = Context(threads: options.threads)
    let progress = ProgressBar("plan")
    defer { progress.finish() }
    progress.show("loading")
    // A prompt is one step here, so memory is reckoned for it.
    let loaded = try ModelLoader.load(
      path: path,
      options: LoadOptions(
        compute: model.compute ?? .fast, cache: options.cache, contextLength: queries.longest,
        memoryLimit: options.memoryLimit, stepTokens: queries.longest),
      context: context)
    let timer = QueryTimer(loaded.model, longest: queries.longest)
    // The first query of all warms up.
    _ = try timer.seconds(prompt: min(64, queries.longest - queries.output), output: 2)
    var asked = 0
    let profile = try queries.profile(isContextual: !flat) { prompt, answer in
      asked += 1
      progress.show("query \(asked) of \(queries.runs): \(prompt) and \(answer) tokens")
      return try timer.seconds(prompt: prompt, output: answer)
    }
    progress.finish()
    let json = Self.json(
      profile, queries, loaded.model.description, threads: context.workers.count, compute: model.compute ?? .fast)
    if let out { try writeFileAtomically(out, Array((json.line + "\n").utf8)) }
    if output.json {
      Output.answer(json.line)
    } else {
      Output.answer(RuntimeProfileFile.text(profile))
    }
  }

  /// The profile, and what it is of.
  private static func json(
    _ profile: RuntimeProfile, _ grid: RuntimeGrid, _ model: ModelDescription, threads: Int, compute: ComputeMode
  ) -> JSON {
    let conditions: JSON = [
      "model": .string(model.name), "threads": .integer(threads), "compute": .string(compute.rawValue),
      "runs": .integer(grid.runs), "answerTokens": .integer(grid.output), "machine": MachineReport.json,
      "date": .string(systemTime()),
    ]
    return .object((RuntimeProfileFile.json(profile).members ?? []) + [JSON.Member("measured", conditions)])
  }
}
