import Catalogue
import Venturi

/// From what a user calls a system to its row.
package enum SystemAccess {
  /// The row of a number, slug or name.
  ///
  /// - Throws: ``CommandFailure``, which says what may be meant.
  package static func entry(_ call: String) throws(CommandFailure) -> SystemEntry {
    if let entry = Catalogue.entry(call) { return entry }
    let near =
      NearestWord.of(call, among: Catalogue.entries.map(\.slug)) ?? CatalogueSearch().hits(call).first?.entry.slug
    let meant = near.map { "; did you mean '\($0)'?" } ?? "; `venturi systems list` lists them"
    throw CommandFailure(status: .usage, kind: "usage", message: "'\(call)' is no system\(meant)")
  }
}
