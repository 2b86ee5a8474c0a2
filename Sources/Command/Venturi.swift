import ArgumentParser

@main
struct VenturiCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "venturi", abstract: "A deep-learning engine.")
}
