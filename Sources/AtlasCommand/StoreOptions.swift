import ArgumentParser
import Atlas
import Console
import Venturi

/// Where results are kept.
package struct StoreOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The store of results; by default results.sqlite beside the models.", valueName: "path"))
  package var store: String?

  package init() {}

  package func validate() throws {
    if store?.isEmpty == true { throw ValidationError("--store: the path is empty") }
  }

  private var path: String { store ?? "\(ModelHome().path)/results.sqlite" }

  /// The store, made where there is none.
  ///
  /// - Parameter toKeep: whether it must be possible to write to it.
  /// - Throws: ``CommandFailure``.
  func open(toKeep: Bool) throws(CommandFailure) -> ResultStore {
    try reporting { () throws(StoreError) in
      let store = try ResultStore(path: path)
      if toKeep { try store.checkWritable() }
      return store
    }
  }

  /// What `body` gives; what the store says is reported with its path.
  ///
  /// - Throws: ``CommandFailure``.
  func reporting<Value>(_ body: () throws(StoreError) -> Value) throws(CommandFailure) -> Value {
    do throws(StoreError) { return try body() } catch {
      let isMissing = if case .cannotOpen = error { true } else { false }
      let message = error.description
      throw CommandFailure(
        status: isMissing ? .unavailable : .failure, kind: isMissing ? "unavailable" : "bad_store",
        message: message.contains(path) ? message : "\(path): \(message)")
    }
  }
}
