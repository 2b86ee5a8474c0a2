import ArgumentParser

/// Measurements of servers.
package struct BenchFamily: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures servers.", subcommands: [BenchServe.self, BenchLandscape.self])

  package init() {}
}
