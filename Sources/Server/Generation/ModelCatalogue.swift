import Inference

/// The models that a server offers, by the names that requests call them.
///
/// A catalogue may load and unload models as they are asked for: whoever gets a model holds it as long as it is in use.
public protocol ModelCatalogue: Sendable {
  /// All models, in the order in which they are listed; the first language model answers requests that name none.
  var entries: [ModelEntry] { get }

  /// The model that a request calls, ready to be used; `nil` means the first of the kind.
  ///
  /// - Throws: ``RequestFailure`` when there is none, when it is of another kind, or when it is not loaded yet.
  func model(_ name: String?, _ kind: ModelKind) async throws -> ServedModel
}

extension ModelCatalogue {
  /// Whether every model that is there from the start can be used.
  public var isReady: Bool { entries.allSatisfy { $0.model != nil } }
}
