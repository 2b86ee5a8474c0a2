import ArgumentParser

/// What something would cost on machines that are not here.
package struct Planning: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "What a model would cost on machines that are not here, and what bounds it.",
    subcommands: [PlanCalibrate.self, PlanDevices.self, PlanInference.self, PlanMemory.self, PlanValidate.self])

  package init() {}
}
