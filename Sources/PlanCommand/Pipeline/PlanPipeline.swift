import ArgumentParser

/// Pipelines of filters.
package struct PlanPipeline: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "pipeline", abstract: "Rates, power and relevant samples of a pipeline of filters.",
    subcommands: [PlanPipelineRun.self, PlanPipelineSweep.self, PlanPipelineGradients.self, PlanPipelineCompare.self])

  package init() {}
}
