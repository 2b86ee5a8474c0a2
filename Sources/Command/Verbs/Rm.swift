import ArgumentParser
import Profiling
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Removes pulled models.
package struct Rm: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Removes pulled models.",
    discussion: "Asks on a terminal; elsewhere --yes is needed. Files outside of the model home are never touched.")

  @Argument(help: "The models' names.")
  package var names: [String]

  @Flag(name: [.customShort("y"), .customLong("yes")], help: "Do not ask.")
  package var yes = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let stored = ModelAccess.models()
    let chosen = try names.map { name in
      guard let model = stored.first(where: { $0.name == name }) else {
        throw CommandFailure(
          status: .unavailable, kind: "model_not_found",
          message: "there is no model '\(name)' in \(ModelAccess.home)/models")
      }
      return model
    }
    var removed: [JSON] = []
    for model in chosen {
      guard try isConfirmed(model) else { continue }
      try ModelHome().remove(model.name)
      removed.append(["name": .string(model.name), "bytes": .integer(model.bytes)])
      if !output.json { Output.note("removed \(model.name), \(Human.bytes(model.bytes))") }
    }
    if output.json { Output.answer(JSON.object([JSON.Member("removed", .array(removed))]).line) }
  }

  private func isConfirmed(_ model: ModelHome.Entry) throws -> Bool {
    if yes { return true }
    guard isatty(STDIN_FILENO) == 1 else {
      throw CommandFailure(status: .usage, kind: "usage", message: "--yes is needed where nobody can be asked")
    }
    Output.notePiece("remove \(model.name), \(Human.bytes(model.bytes))? [y/N] ")
    return readLine().map { ["y", "yes"].contains($0.lowercased()) } ?? false
  }
}
