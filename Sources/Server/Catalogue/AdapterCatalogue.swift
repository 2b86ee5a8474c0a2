import Inference

/// A catalogue in which one model also goes by the names of its adapters: `smollm2:poet` is smollm2 with the adapter poet.
///
/// All share the one engine: requests with any adapters, and without, are computed together.
public struct AdapterCatalogue: ModelCatalogue {
  private let base: any ModelCatalogue
  private let id: String
  private let aliases: [String]
  private let adapters: [String]

  /// A catalogue of `base`'s models and of one of them with adapters.
  ///
  /// - Parameters:
  ///   - base: the models.
  ///   - id: the name of the one that has adapters.
  ///   - aliases: its further names.
  ///   - adapters: the names of the adapters that its engine has.
  public init(_ base: any ModelCatalogue, id: String, aliases: [String] = [], adapters: [String]) {
    self.base = base
    self.id = id
    self.aliases = aliases
    self.adapters = adapters
  }

  /// The models, and behind them the one with each of its adapters.
  public var entries: [ModelEntry] {
    let entries = base.entries
    guard let model = entries.first(where: { $0.id == id }) else { return entries }
    return entries
      + adapters.map { adapter in
        ModelEntry(
          id: "\(id):\(adapter)", aliases: aliases.map { "\($0):\(adapter)" }, kind: .language, created: model.created,
          status: model.status, problem: model.problem, sizes: model.sizes)
      }
  }

  /// Whether the models can be used; adapters are loaded when they are asked for.
  public var readiness: CatalogueReadiness { base.readiness }

  /// The model that a request calls, with the adapter that the name says.
  ///
  /// - Throws: ``RequestFailure``; `CancellationError`.
  public func model(_ name: String?, _ kind: ModelKind) async throws -> ServedModel {
    guard let name, let adapter = adapter(name) else {
      guard let name, !name.isEmpty, !base.entries.contains(where: { $0.isCalled(name) }) else {
        return try await base.model(name, kind)
      }
      throw RequestFailure.unknownModel(name, known: entries.map(\.id))
    }
    guard kind == .language, case .language(let engine) = try await base.model(id, .language) else {
      throw RequestFailure.invalid("model", "'\(name)' is no \(kind.rawValue) model", code: "wrong_kind_of_model")
    }
    do throws(InferenceError) { return .language(try engine.adapted(by: adapter)) } catch {
      throw RequestFailure(error)
    }
  }

  /// The adapter that a name means.
  private func adapter(_ name: String) -> String? {
    adapters.first { adapter in ([id] + aliases).contains { "\($0):\(adapter)" == name } }
  }

  /// Stops the models.
  public func stop() async { await base.stop() }
}
