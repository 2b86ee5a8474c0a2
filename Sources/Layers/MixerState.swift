/// What a mixer's state can do beyond growing.
public struct StateCapabilities: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: Int
  /// Capabilities from their bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The state can forget its last tokens.
  public static let truncate = StateCapabilities(rawValue: 1)
  /// The state can be copied cheaply.
  public static let fork = StateCapabilities(rawValue: 2)
  /// The state can keep chosen tokens only.
  public static let gather = StateCapabilities(rawValue: 4)
  /// The state can be kept and put back.
  public static let snapshot = StateCapabilities(rawValue: 8)
}

/// What a sequence mixer remembers of one sequence, for all its layers.
///
/// A step goes: ``reserve(_:)`` takes the memory for the new tokens, the layers write them at positions from ``tokens``
/// on, and ``advance(by:)`` makes them part of the state. A step that is given up before that has changed nothing.
/// One thread uses a state at a time. What ``capabilities`` does not declare throws ``MixerError/unsupported(_:)``.
public protocol MixerState: AnyObject, Sendable {
  /// The tokens it holds.
  var tokens: Int { get }
  /// The most tokens it may hold.
  var capacity: Int { get }
  /// The bytes it keeps; memory shared with forks counts in each.
  var bytes: Int { get }
  /// What it can do.
  var capabilities: StateCapabilities { get }
  /// The memory that it keeps, piece by piece, so that what states share can be counted once.
  var blocks: [StateBlock] { get }

  /// The bytes that ``reserve(_:)`` of `count` would take now; a lower bound where it cannot be told.
  func growth(_ count: Int) -> Int

  /// Takes the memory for `count` more tokens, so that computing them allocates nothing.
  ///
  /// - Throws: ``MixerError/capacityExceeded(capacity:requested:)``, ``MixerError/memory(_:)``; nothing has changed then.
  func reserve(_ count: Int) throws(MixerError)
  /// Counts `count` tokens that the layers have written since ``reserve(_:)``.
  func advance(by count: Int)
  /// Forgets all tokens from `count` on.
  ///
  /// - Throws: ``MixerError/positionOutOfRange(position:tokens:)``.
  func truncate(to count: Int) throws(MixerError)
  /// An independent state with the same tokens.
  func fork() throws(MixerError) -> Self
  /// Keeps the tokens at `indices`, in that order (repeats allowed).
  ///
  /// - Throws: ``MixerError/positionOutOfRange(position:tokens:)``, ``MixerError/capacityExceeded(capacity:requested:)``.
  func gather(_ indices: [Int]) throws(MixerError)
  /// What the state holds now, to be put back by ``restore(_:)``.
  func snapshot() throws(MixerError) -> any StateSnapshot
  /// Puts back what ``snapshot()`` of this state or of one of the same geometry gave.
  ///
  /// - Throws: ``MixerError/foreignState(run:expected:)`` for a snapshot of another kind.
  func restore(_ snapshot: any StateSnapshot) throws(MixerError)
}

extension MixerState {
  /// One block of all bytes, unless the state implements it.
  public var blocks: [StateBlock] { [StateBlock(self, bytes: bytes)] }
  /// Nothing, unless the state implements it.
  public func growth(_ count: Int) -> Int { 0 }
  /// Unsupported, unless the state implements it.
  public func truncate(to count: Int) throws(MixerError) { throw .unsupported("truncate") }
  /// Unsupported, unless the state implements it.
  public func fork() throws(MixerError) -> Self { throw .unsupported("fork") }
  /// Unsupported, unless the state implements it.
  public func gather(_ indices: [Int]) throws(MixerError) { throw .unsupported("gather") }
  /// Unsupported, unless the state implements it.
  public func snapshot() throws(MixerError) -> any StateSnapshot { throw .unsupported("snapshot") }
  /// Unsupported, unless the state implements it.
  public func restore(_ snapshot: any StateSnapshot) throws(MixerError) { throw .unsupported("restore") }

  /// Forgets all tokens from `count` on; `false`, changing nothing, when the state cannot go back there.
  public func rewind(to count: Int) -> Bool { (try? truncate(to: count)) != nil }
}

/// The content of a ``MixerState`` at one moment.
public protocol StateSnapshot: Sendable {
  /// The tokens it holds.
  var tokens: Int { get }
  /// The memory that it keeps; see ``MixerState/blocks``.
  var blocks: [StateBlock] { get }
}

extension StateSnapshot {
  /// None, unless the snapshot implements it.
  public var blocks: [StateBlock] { [] }
}

/// A piece of memory that states and snapshots may share.
public struct StateBlock: Sendable, Hashable {
  /// Which piece; holds as long as somebody keeps it.
  public let id: ObjectIdentifier
  /// Its bytes.
  public let bytes: Int

  /// A block that `owner` keeps alive.
  public init(_ owner: AnyObject, bytes: Int) {
    id = ObjectIdentifier(owner)
    self.bytes = bytes
  }
}
