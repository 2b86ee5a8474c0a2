import ArgumentParser

/// Times of models on one stack.
package struct PlanIdealized: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "idealized", abstract: "Times of any query from a few that were timed, and what a workload costs.",
    subcommands: [PlanIdealizedMeasure.self, PlanIdealizedFit.self, PlanIdealizedCost.self, PlanIdealizedStack.self])

  package init() {}
}
