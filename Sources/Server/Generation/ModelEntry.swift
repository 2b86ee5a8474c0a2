/// A model as a catalogue lists it.
public struct ModelEntry: Sendable {
  /// The name.
  public var id: String
  /// Further names that requests may call it by.
  public var aliases: [String]
  /// What it is for.
  public var kind: ModelKind
  /// When it was made known to the server, in seconds since 1970.
  public var created: Int
  /// The model, if it is loaded.
  public var model: ServedModel?
  /// Why it cannot be loaded, if that was tried in vain.
  public var problem: String?

  /// An entry from its parts.
  public init(
    id: String, aliases: [String] = [], kind: ModelKind, created: Int, model: ServedModel? = nil,
    problem: String? = nil
  ) {
    self.id = id
    self.aliases = aliases
    self.kind = kind
    self.created = created
    self.model = model
    self.problem = problem
  }
}
