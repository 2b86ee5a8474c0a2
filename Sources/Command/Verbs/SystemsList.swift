import ArgumentParser
import Catalogue
import Venturi

/// All systems.
package struct SystemsList: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "list", abstract: "All systems, by number; --json prints an array.")

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let entries = Catalogue.entries
    if output.json { return Output.answer(JSON.array(entries.map(\.json)).line) }
    Output.answer(Self.table(entries))
    let counts = SystemEntry.State.allCases.map { state in "\(entries.count { $0.state == state }) \(state.rawValue)" }
    Output.note("\(entries.count) systems: \(counts.joined(separator: ", "))")
  }

  /// Rows for people.
  static func table(_ entries: [SystemEntry]) -> String {
    Human.table(
      [["no.", "system", "room", "state", "what it does"]]
        + entries.map { [$0.label, $0.name, $0.room.folder, $0.state.rawValue, $0.summary] })
  }
}
