import ArgumentParser
import Atlas
import Console
import Venturi

/// Where results are kept.
package struct StoreOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The store of results; by default results.sqlite beside the models.", valueName: "path"))
  package var store: String?

  package init() {}

  /// The store, made where there is none.
  ///
  /// - Throws: ``CommandFailure``.
  func open() throws(CommandFailure) -> ResultStore {
    do throws(StoreError) { return try ResultStore(path: store ?? "\(ModelHome().path)/results.sqlite") } catch {
      let isMissing = if case .cannotOpen = error { true } else { false }
      throw CommandFailure(
        status: isMissing ? .unavailable : .failure, kind: isMissing ? "unavailable" : "bad_store",
        message: error.description)
    }
  }
}
