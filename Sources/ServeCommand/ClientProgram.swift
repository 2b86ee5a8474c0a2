import ArgumentParser
import Console

/// The program's other side: verbs that call a server, and those that try its settings.
package struct ClientProgram: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "venturi-serve", abstract: "Calls servers of the OpenAI interface.", version: Version.text,
    subcommands: [BenchFamily.self, ClientFamily.self, TuneFamily.self])

  package init() {}
}
