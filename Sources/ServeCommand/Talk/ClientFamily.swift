import ArgumentParser

/// What `venturi` does with a model of a server instead of its own; `venturi chat --server URL` becomes `client chat --server URL` here.
package struct ClientFamily: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "client", abstract: "Talks with a model of a server.", subcommands: [ClientChat.self, ClientRun.self])

  package init() {}
}
