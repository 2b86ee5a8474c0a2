import ArgumentParser
import Profiling
import Venturi

/// The models that were pulled.
package struct Ls: ParsableCommand {
  package static let configuration = CommandConfiguration(commandName: "ls", abstract: "Lists the pulled models.")

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let models = ModelAccess.models()
    if output.json {
      let rows = models.map { model in
        [
          "name": .string(model.name), "path": .string(model.path), "bytes": .integer(model.bytes),
          "modified": .integer(model.modified),
        ] as JSON
      }
      Output.answer(JSON.object([JSON.Member("models", .array(rows))]).line)
      return
    }
    if models.isEmpty {
      Output.note("no models in \(ModelAccess.home)/models; `venturi pull smollm2` fetches one")
    } else {
      Output.answer(
        Human.table(
          [["name", "size", "path"]] + models.map { [$0.name, Human.bytes($0.bytes), $0.path] }, numeric: [1]))
    }
  }
}
