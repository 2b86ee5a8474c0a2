import ArgumentParser

/// The catalogue of published systems.
///
/// It is data alone, so it is in this program and not in `venturi-atlas`, which needs a database.
package struct Systems: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "systems", abstract: "The published systems that Venturi reproduces, and how far each is built.",
    subcommands: [SystemsList.self, SystemsShow.self, SystemsSearch.self], defaultSubcommand: SystemsList.self)

  package init() {}
}
