import Inference

/// A model that a ``ModelShelf`` can load.
public struct ShelfItem: Sendable {
  /// The name.
  public var id: String
  /// Further names.
  public var aliases: [String]
  /// What it is for.
  public var kind: ModelKind
  /// Whether it is loaded at the start, and counts for whether the server is ready.
  public var isLoadedFirst: Bool
  /// What it takes, as far as that is known before it is loaded.
  public var expectedBytes: Int
  /// Loads it.
  public var load: @Sendable () async throws -> ServedModel
  private var bytes: @Sendable (ServedModel) -> Int

  /// A model by its name.
  ///
  /// - Parameters:
  ///   - expectedBytes: what it takes, weights and states; 0 when that is not known before.
  ///   - bytes: what it takes once it is there, by default ``ServedModel/bytes``.
  ///   - load: loads it; called again after it was unloaded, or when that failed.
  public init(
    id: String, aliases: [String] = [], kind: ModelKind = .language, isLoadedFirst: Bool = false,
    expectedBytes: Int = 0, bytes: @escaping @Sendable (ServedModel) -> Int = { $0.bytes },
    load: @escaping @Sendable () async throws -> ServedModel
  ) {
    self.id = id
    self.aliases = aliases
    self.kind = kind
    self.isLoadedFirst = isLoadedFirst
    self.expectedBytes = max(0, expectedBytes)
    self.bytes = bytes
    self.load = load
  }

  /// What the loaded model takes.
  func takenBytes(_ model: ServedModel) -> Int { max(0, bytes(model)) }
}
