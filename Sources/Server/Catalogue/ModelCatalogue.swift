import Inference

/// The models that a server offers, by the names that requests call them.
///
/// A catalogue may load and unload models as they are asked for: whoever gets a model holds it as long as it is in use.
public protocol ModelCatalogue: Sendable {
  /// All models, in the order in which they are listed; the first language model answers requests that name none.
  var entries: [ModelEntry] { get }

  /// Whether what is there from the start can be used.
  var readiness: CatalogueReadiness { get }

  /// The model that a request calls, ready to be used; `nil` means the first of the kind. Where it has to be loaded this
  /// waits; cancelling the task ends that.
  ///
  /// - Throws: ``RequestFailure`` when there is none, when it is of another kind, when it cannot be loaded, or when too many
  ///   wait; `CancellationError`.
  func model(_ name: String?, _ kind: ModelKind) async throws -> ServedModel

  /// Refuses everybody who waits for a model, and whoever comes; returns when nothing is being loaded any more.
  func stop() async
}

/// Whether a catalogue's models can be used.
public enum CatalogueReadiness: Sendable, Equatable {
  /// They can.
  case ready
  /// They are being loaded.
  case loading
  /// One cannot be loaded.
  case failed
}

extension ModelCatalogue {
  /// Ready when every model is loaded.
  public var readiness: CatalogueReadiness {
    let entries = entries
    if entries.contains(where: { $0.problem != nil }) { return .failed }
    return entries.allSatisfy { $0.model != nil } ? .ready : .loading
  }

  /// Nothing: who loads its models itself has nobody waiting.
  public func stop() async {}
}

extension [ModelEntry] {
  /// The place of the model that a request calls.
  ///
  /// - Throws: ``RequestFailure``.
  func index(of name: String?, _ kind: ModelKind) throws(RequestFailure) -> Int {
    let called = name.flatMap { $0.isEmpty ? nil : $0 }
    let found = firstIndex { entry in called.map { entry.isCalled($0) } ?? (entry.kind == kind) }
    guard let found else { throw .unknownModel(called ?? "", known: map(\.id)) }
    guard self[found].kind == kind else {
      throw .invalid("model", "'\(self[found].id)' is no \(kind.rawValue) model", code: "wrong_kind_of_model")
    }
    return found
  }
}
