import ArgumentParser

/// Searches for settings.
package struct TuneFamily: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "tune", abstract: "Searches for an engine's best settings.",
    subcommands: [TuneServe.self, TuneTrial.self])

  package init() {}
}
