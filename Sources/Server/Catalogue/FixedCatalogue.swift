import Inference
import Synchronization

/// Models that are named at the start and stay: one or a few, each listed at once and ready when it is loaded.
public final class FixedCatalogue: ModelCatalogue {
  private let content = Mutex<[ModelEntry]>([])

  /// An empty catalogue.
  public init() {}

  /// A catalogue of models that are loaded.
  public convenience init(_ models: [(id: String, model: ServedModel)]) {
    self.init()
    for (id, model) in models {
      add(id, kind: model.kind)
      set(id, model)
    }
  }

  /// All models, in the order in which they were added.
  public var entries: [ModelEntry] { content.withLock { $0 } }

  /// Lists a model that is yet to be loaded.
  public func add(_ id: String, aliases: [String] = [], kind: ModelKind) {
    content.withLock { $0.append(ModelEntry(id: id, aliases: aliases, kind: kind, created: .secondsSince1970)) }
  }

  /// A listed model is loaded.
  public func set(_ id: String, _ model: ServedModel) {
    change(id) { entry in
      entry.model = model
      entry.status = .loaded
      entry.sizes = ModelSizes(model)
      entry.bytes = model.bytes
      entry.loads += 1
    }
  }

  /// A listed model cannot be loaded.
  public func fail(_ id: String, _ problem: String) {
    change(id) { entry in
      entry.problem = problem
      entry.status = .failed
      entry.failures += 1
    }
  }

  private func change(_ id: String, _ body: (inout ModelEntry) -> Void) {
    content.withLock { entries in
      if let index = entries.firstIndex(where: { $0.id == id }) { body(&entries[index]) }
    }
  }

  /// The model that a request calls.
  ///
  /// - Throws: ``RequestFailure``.
  public func model(_ name: String?, _ kind: ModelKind) async throws -> ServedModel {
    let entries = entries
    let entry = entries[try entries.index(of: name, kind)]
    if let problem = entry.problem { throw RequestFailure.modelFailed(entry.id, problem, retryAfter: 1) }
    guard let model = entry.model else {
      throw RequestFailure.unavailable("the model '\(entry.id)' is being loaded", code: "loading")
    }
    return model
  }
}
