import ArgumentParser
import Console

/// The program's root.
package struct PlanProgram: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "venturi-plan", abstract: "What a model would cost on machines that are not here.",
    discussion: "`venturi plan` is this verb. Exit codes: 0 done, 1 failed, 2 wrong usage, 65 bad model file.",
    version: Version.text, subcommands: [Planning.self])

  package init() {}
}
