import Inference

/// What routes work with.
struct ServerServices: Sendable {
  let settings: ServerSettings
  let catalogue: any ModelCatalogue
  let metrics: ServerMetrics
  let requests: RunningRequests
  let connections: ConnectionRegistry
  let bytes: RequestBytes

  init(settings: ServerSettings, catalogue: any ModelCatalogue) {
    self.settings = settings
    self.catalogue = catalogue
    metrics = ServerMetrics()
    requests = RunningRequests(metrics: metrics)
    connections = ConnectionRegistry()
    bytes = RequestBytes(limits: settings.limits)
  }

  /// A language model and the name that answers call it by.
  ///
  /// - Throws: ``RequestFailure``.
  func engine(_ name: String?) async throws -> (Engine, String) {
    guard case .language(let engine) = try await catalogue.model(name, .language) else {
      throw RequestFailure.invalid("model", "is no language model", code: "wrong_kind_of_model")
    }
    return (engine, id(name, .language))
  }

  /// An encoder and the name that answers call it by.
  ///
  /// - Throws: ``RequestFailure``.
  func embedder(_ name: String?) async throws -> (Embedder, String) {
    guard case .embedding(let embedder) = try await catalogue.model(name, .embedding) else {
      throw RequestFailure.invalid("model", "is no embedding model", code: "wrong_kind_of_model")
    }
    return (embedder, id(name, .embedding))
  }

  private func id(_ name: String?, _ kind: ModelKind) -> String {
    if let name, !name.isEmpty { return name }
    return catalogue.entries.first { $0.kind == kind }?.id ?? ""
  }
}
