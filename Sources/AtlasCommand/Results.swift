import ArgumentParser
import Atlas
import Console
import Profiling
import Venturi

/// Writes what the store holds, or adds a benchmark's table to it.
package struct Results: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "results", abstract: "Writes RESULTS.md, its pictures and results.json from what was measured.",
    discussion:
      "With --record, a table of `venturi bench … --json` is kept first. With --json, the data is printed too.")

  @Option(help: ArgumentHelp("The folder to write into; it gets RESULTS.md and Results/.", valueName: "folder"))
  package var into = "."

  @Option(help: ArgumentHelp("Only keep this table of `venturi bench --json`; - is standard input.", valueName: "file"))
  package var record: String?

  @OptionGroup(title: "Store") package var store: StoreOptions
  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if into.isEmpty { throw ValidationError("--into: the path is empty") }
  }

  package func run() throws {
    let opened = try store.open(toKeep: record != nil)
    if let record { return try keep(record, in: opened) }
    let report = try store.reporting { () throws(StoreError) in try ResultsReport(opened) }
    let files = report.files
    for (path, content) in files { try writeFileAtomically("\(into)/\(path)", Array(content.utf8)) }
    if output.json {
      Output.answer(report.data.line)
    } else {
      Output.answer(files.map(\.path).joined(separator: "\n"))
    }
    Output.note("\(report.runs.count) reproductions and \(report.tables.count) benchmarks, in \(files.count) files")
  }

  private func keep(_ path: String, in opened: ResultStore) throws {
    let content: JSON
    let text = try InputText.file(path)
    do throws(JSONError) { content = try JSON(parsing: text) } catch {
      throw CommandFailure(status: .usage, kind: "usage", message: "\(path): not a benchmark's JSON: \(error)")
    }
    do throws(StoreError) { try opened.keep(table: content, date: systemTime()) } catch {
      guard case .unexpectedValue(_, let problem) = error else {
        return try store.reporting { () throws(StoreError) in throw error }
      }
      throw CommandFailure(status: .usage, kind: "usage", message: "\(path): \(problem)")
    }
    Output.note("kept a table of \(content["rows"]?.elements?.count ?? 0) rows")
  }
}
