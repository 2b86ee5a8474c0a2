import ArgumentParser
import Console

/// The program's other side: verbs that call a server.
package struct ClientProgram: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "venturi-serve", abstract: "Calls servers of the OpenAI interface.", version: Version.text,
    subcommands: [BenchFamily.self, ClientFamily.self])

  package init() {}
}
