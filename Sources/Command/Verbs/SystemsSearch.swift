import ArgumentParser
import Catalogue
import Venturi

/// Systems by words.
package struct SystemsSearch: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Systems that fit some words, best first; --json prints an array.")

  @Argument(help: "Words to look for.")
  package var words: [String]

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let hits = CatalogueSearch().hits(words.joined(separator: " "))
    if output.json {
      let rows = hits.map { hit in
        JSON.object((hit.entry.json.members ?? []) + [JSON.Member("score", .rounded(hit.score, digits: 4))])
      }
      return Output.answer(JSON.array(rows).line)
    }
    if hits.isEmpty { return Output.note("no system fits '\(words.joined(separator: " "))'") }
    Output.answer(SystemsList.table(hits.map(\.entry)))
  }
}
