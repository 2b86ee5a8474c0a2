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
  /// Where it is.
  public var status: ModelStatus
  /// The model, if it is loaded.
  public var model: ServedModel?
  /// Why it cannot be loaded, if that was tried in vain.
  public var problem: String?
  /// Its sizes, if they are known.
  public var sizes: ModelSizes?
  /// The bytes that it takes now.
  public var bytes = 0
  /// How often it was loaded.
  public var loads = 0
  /// How often that failed.
  public var failures = 0
  /// How often it went because another needed its room.
  public var evictions = 0
  /// How often it went because nobody used it.
  public var expiries = 0
  /// How many requests wait for it.
  public var waiting = 0

  /// An entry from its parts.
  public init(
    id: String, aliases: [String] = [], kind: ModelKind, created: Int, status: ModelStatus = .loading,
    model: ServedModel? = nil, problem: String? = nil, sizes: ModelSizes? = nil
  ) {
    self.id = id
    self.aliases = aliases
    self.kind = kind
    self.created = created
    self.status = status
    self.model = model
    self.problem = problem
    self.sizes = sizes
  }

  /// Whether a request that gives `name` means this model.
  public func isCalled(_ name: String) -> Bool { id == name || aliases.contains(name) }
}
