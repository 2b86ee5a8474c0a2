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

  /// A language model that is to generate, and the name that answers call it by; waits until it is loaded.
  ///
  /// - Throws: ``RequestFailure``, also when the model has too much to do already: before any work is done on a prompt.
  func engine(_ name: String?) async throws -> (Engine, String) {
    let (engine, called) = try await tokenizingEngine(name)
    do throws(InferenceError) { try engine.checkRoom() } catch { throw RequestFailure(error) }
    return (engine, called)
  }

  /// A language model whose tokenizer and template are asked for, and the name that answers call it by.
  ///
  /// - Throws: ``RequestFailure``; ``AnswerReader/Stopped`` when the client left while the model was loaded.
  func tokenizingEngine(_ name: String?) async throws -> (Engine, String) {
    do {
      guard case .language(let engine) = try await model(name, .language) else {
        throw RequestFailure.invalid("model", "is no language model", code: "wrong_kind_of_model")
      }
      return (engine, id(name, .language))
    } catch is CancellationError { throw AnswerReader.Stopped() }
  }

  /// An encoder and the name that answers call it by; waits until it is loaded.
  ///
  /// - Throws: ``RequestFailure``; `CancellationError` when the client left meanwhile.
  func embedder(_ name: String?) async throws -> (Embedder, String) {
    guard case .embedding(let embedder) = try await model(name, .embedding) else {
      throw RequestFailure.invalid("model", "is no embedding model", code: "wrong_kind_of_model")
    }
    return (embedder, id(name, .embedding))
  }

  /// A model for the client whom this task serves; one that leaves waits for it no longer.
  private func model(_ name: String?, _ kind: ModelKind) async throws -> ServedModel {
    let work = Task { [catalogue] in try await catalogue.model(name, kind) }
    let watched = ClientConnection.current.map { client in (client, client.whenGone { work.cancel() }) }
    defer { watched.map { client, number in client.stopWatching(number) } }
    return try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      work.cancel()
    }
  }

  private func id(_ name: String?, _ kind: ModelKind) -> String {
    if let name, !name.isEmpty { return name }
    return catalogue.entries.first { $0.kind == kind }?.id ?? ""
  }
}
