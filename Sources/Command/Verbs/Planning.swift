import ArgumentParser

/// What something would cost on machines that are not here.
package struct Planning: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Lists the devices that plans are made for, with the sources of their figures.",
    subcommands: [PlanDevices.self])

  package init() {}
}
