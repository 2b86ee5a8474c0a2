import ArgumentParser
import Console
import Formats
import PlanReports
import Planner

extension DeepSeekV3Prediction.Table: ExpressibleByArgument {}

/// The tables of DeepSeek-V3's paper, predicted.
package struct PlanDeepSeek: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "deepseek",
    abstract: "DeepSeek-V3's published memory, arithmetic, speed and network, beside predictions.",
    discussion: """
      Tables: kv (keys and values of a token), flops (training operations of a token), tpot (limits of decoding), topology \
      (networks and their cost), mfu (the training run). The same for other models: plan kv, plan topology, plan ep-decode.
      """)

  @Option(help: "One table; by default all.")
  package var table: DeepSeekV3Prediction.Table?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let rows =
      if let table { try DeepSeekV3Prediction.predictions(table) } else {
        try DeepSeekV3Prediction.predictions()
      }
    if output.json {
      Output.answer((["rows": .array(rows.map(\.json))] as JSON).line)
    } else {
      Output.answer(PredictionTable.text(rows))
    }
  }
}
