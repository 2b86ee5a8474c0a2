import ArgumentParser

/// Many answers to a question, or long ones: what they bring and what they cost.
package struct PlanTestTime: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "test-time", abstract: "When more answers stop paying, and what long answers cost.",
    subcommands: [PlanSaturation.self, PlanKinetics.self, PlanKineticsFrontier.self])

  package init() {}
}
