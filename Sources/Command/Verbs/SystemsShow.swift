import ArgumentParser
import Catalogue

/// One system.
package struct SystemsShow: ParsableCommand {
  package static let configuration = CommandConfiguration(commandName: "show", abstract: "One system of the catalogue.")

  @Argument(help: "Its number, slug or name.")
  package var system: String

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let entry = try SystemAccess.entry(system)
    if output.json { return Output.answer(entry.json.line) }
    let lines =
      [
        ["system", "\(entry.label) \(entry.name)"], ["what it does", entry.summary], ["family", entry.family.title],
        ["room", entry.room.folder], ["state", entry.state.rawValue], ["keywords", entry.keywords],
        ["paper", entry.link ?? "not at arXiv"],
      ] + (entry.folder.map { [["code", "Sources/\(entry.room.folder)/\($0)"]] } ?? [])
    Output.answer(Human.table(lines))
  }
}
