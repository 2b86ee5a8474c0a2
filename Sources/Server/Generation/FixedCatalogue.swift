import Inference
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

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
    let now = Int(Date().timeIntervalSince1970)
    content.withLock { $0.append(ModelEntry(id: id, aliases: aliases, kind: kind, created: now)) }
  }

  /// A listed model is loaded.
  public func set(_ id: String, _ model: ServedModel) { change(id) { $0.model = model } }

  /// A listed model cannot be loaded.
  public func fail(_ id: String, _ problem: String) { change(id) { $0.problem = problem } }

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
    let called = name.flatMap { $0.isEmpty ? nil : $0 }
    let found = entries.first { entry in
      guard let called else { return entry.kind == kind }
      return entry.id == called || entry.aliases.contains(called)
    }
    guard let entry = found else { throw RequestFailure.unknownModel(called ?? "", known: entries.map(\.id)) }
    guard entry.kind == kind else {
      throw RequestFailure.invalid("model", "'\(entry.id)' is no \(kind.rawValue) model", code: "wrong_kind_of_model")
    }
    if let problem = entry.problem {
      throw RequestFailure.unavailable("the model '\(entry.id)' cannot be loaded: \(problem)", code: "model_failed")
    }
    guard let model = entry.model else {
      throw RequestFailure.unavailable("the model '\(entry.id)' is being loaded", code: "loading")
    }
    return model
  }
}
