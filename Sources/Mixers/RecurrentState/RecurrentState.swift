import Layers
import NumericTypes
import Tensors

/// What recurrent layers remember of one sequence: the same number of values however long it is.
///
/// A step reads ``current(_:)`` and writes all of ``next(_:)`` of every layer; ``advance(by:)`` exchanges them. So a step that
/// is given up has changed nothing. Such a state cannot forget tokens one by one, but it can be copied and kept.
public final class RecurrentState: MixerState, @unchecked Sendable {
  /// The sizes of a state.
  public struct Layout: Sendable, Hashable {
    /// The number of layers.
    public let layers: Int
    /// The values of a layer.
    public let width: Int

    /// A layout.
    ///
    /// - Throws: ``/Layers/MixerError/invalidSetting(field:value:expected:)``.
    public init(layers: Int, width: Int) throws(MixerError) {
      guard 1...4096 ~= layers else { throw .invalidSetting(field: "layers", value: layers, expected: "1…4096") }
      guard 1...1 << 28 ~= width else { throw .invalidSetting(field: "width", value: width, expected: "1…2²⁸") }
      self.layers = layers
      self.width = width
    }

    /// The bytes that a sequence takes, both halves.
    public var bytes: Int { 2 * layers * width * MemoryLayout<Float>.size }
  }

  /// The sizes.
  public let layout: Layout
  /// The most tokens of a sequence.
  public let capacity: Int
  /// The tokens it has seen.
  public private(set) var tokens = 0
  private let allocator: Allocator
  private var storage: Storage?
  private var isFlipped = false

  /// A state that has seen nothing; it takes no memory yet.
  ///
  /// - Throws: ``/Layers/MixerError/invalidSetting(field:value:expected:)``.
  public init(_ layout: Layout, capacity: Int, allocator: Allocator) throws(MixerError) {
    guard capacity >= 0, capacity < 1 << 31 else {
      throw .invalidSetting(field: "capacity", value: capacity, expected: "0…2³¹-1")
    }
    self.layout = layout
    self.capacity = capacity
    self.allocator = allocator
  }

  /// Copies and snapshots; never parts of a sequence.
  public var capabilities: StateCapabilities { [.fork, .snapshot] }

  /// The bytes of both halves.
  public var bytes: Int { storage == nil ? 0 : layout.bytes }

  /// The memory of both halves.
  public var blocks: [StateBlock] { storage.map { [StateBlock($0, bytes: layout.bytes)] } ?? [] }

  /// The bytes of both halves before the first token, nothing from then on.
  public func growth(_ count: Int) -> Int { count > 0 && storage == nil ? layout.bytes : 0 }

  private var half: Int { layout.layers * layout.width }

  private func base(next: Bool) -> UnsafeMutablePointer<Float> {
    guard let storage else { preconditionFailure("the state was not reserved") }
    return storage.base.assumingMemoryBound(to: Float.self) + (isFlipped != next ? half : 0)
  }

  /// A layer's values as the tokens so far left them.
  public func current(_ layer: Int) -> UnsafePointer<Float> {
    UnsafePointer(base(next: false) + layer * layout.width)
  }

  /// Where a layer's values after the step go.
  public func next(_ layer: Int) -> UnsafeMutablePointer<Float> { base(next: true) + layer * layout.width }

  /// Takes memory, zeros before the first token.
  ///
  /// - Throws: ``/Layers/MixerError/capacityExceeded(capacity:requested:)``, ``/Layers/MixerError/memory(_:)``.
  public func reserve(_ count: Int) throws(MixerError) {
    guard count >= 0, count <= capacity - tokens else {
      throw .capacityExceeded(capacity: capacity, requested: count >= 0 ? tokens &+ count : count)
    }
    if storage == nil { storage = try Self.zeros(layout.bytes, allocator) }
  }

  private static func zeros(_ bytes: Int, _ allocator: Allocator) throws(MixerError) -> Storage {
    do throws(TensorError) {
      let storage = try Storage(byteCount: bytes, allocator: allocator)
      storage.base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      return storage
    } catch { throw .memory(error) }
  }

  /// Counts `count` tokens whose effect every layer has written.
  public func advance(by count: Int) {
    precondition(count >= 0 && tokens + count <= capacity && storage != nil, "tokens were not reserved")
    guard count > 0 else { return }
    tokens += count
    isFlipped.toggle()
  }

  /// Forgets everything; to any other place there is no way back.
  ///
  /// - Throws: ``/Layers/MixerError/positionOutOfRange(position:tokens:)``, ``/Layers/MixerError/unsupported(_:)``.
  public func truncate(to count: Int) throws(MixerError) {
    guard count >= 0, count <= tokens else { throw .positionOutOfRange(position: count, tokens: tokens) }
    if count == tokens { return }
    guard count == 0 else { throw .unsupported("truncate to \(count) of \(tokens) tokens") }
    tokens = 0
    storage = nil
  }

  /// An independent copy.
  public func fork() throws(MixerError) -> RecurrentState {
    let copy = try RecurrentState(layout, capacity: capacity, allocator: allocator)
    try copy.restore(snapshot())
    return copy
  }

  /// A copy of the values.
  public func snapshot() throws(MixerError) -> any StateSnapshot {
    guard storage != nil else { return RecurrentSnapshot(layout: layout, tokens: tokens, values: nil) }
    let values = try Self.zeros(half * MemoryLayout<Float>.size, allocator)
    values.base.copyMemory(from: base(next: false), byteCount: values.byteCount)
    return RecurrentSnapshot(layout: layout, tokens: tokens, values: values)
  }

  /// Puts a snapshot's values in the place of the present ones.
  ///
  /// - Throws: ``/Layers/MixerError/foreignState(run:expected:)``,
  ///   ``/Layers/MixerError/capacityExceeded(capacity:requested:)``, ``/Layers/MixerError/memory(_:)``.
  public func restore(_ snapshot: any StateSnapshot) throws(MixerError) {
    guard let snapshot = snapshot as? RecurrentSnapshot, snapshot.layout == layout else {
      throw .foreignState(run: 0, expected: "snapshot of a recurrent state of the same layout")
    }
    guard snapshot.tokens <= capacity else {
      throw .capacityExceeded(capacity: capacity, requested: snapshot.tokens)
    }
    if let values = snapshot.values {
      if storage == nil { storage = try Self.zeros(layout.bytes, allocator) }
      UnsafeMutableRawPointer(base(next: false)).copyMemory(from: values.base, byteCount: values.byteCount)
    } else {
      storage = nil
    }
    tokens = snapshot.tokens
  }
}

/// The values leave as they lie in memory.
extension RecurrentState: StorableState {
  /// The sizes.
  public var form: String { "recurrent state of \(layout.layers) layers of \(layout.width) values, f32" }

  /// One half: the other is written by the next step.
  public func pieceSizes(tokens: Int) -> [Int] { tokens > 0 ? [half * MemoryLayout<Float>.size] : [] }

  /// Hands out the values, if any token has been seen.
  ///
  /// - Throws: what `piece` throws.
  public func store(_ piece: (UnsafeRawBufferPointer) throws -> Void) throws {
    guard tokens > 0 else { return }
    try piece(UnsafeRawBufferPointer(start: base(next: false), count: half * MemoryLayout<Float>.size))
  }

  /// Takes values that come from a state which had seen `count` tokens.
  ///
  /// - Throws: ``/Layers/MixerError/capacityExceeded(capacity:requested:)``, ``/Layers/MixerError/memory(_:)``; what `fill`
  ///   throws.
  public func load(tokens count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
    guard count >= 0, count <= capacity else {
      throw MixerError.capacityExceeded(capacity: capacity, requested: count)
    }
    guard count > 0 else {
      (tokens, storage) = (0, nil)
      return
    }
    let fresh = try Self.zeros(layout.bytes, allocator)
    try fill(UnsafeMutableRawBufferPointer(start: fresh.base, count: half * MemoryLayout<Float>.size))
    (tokens, storage, isFlipped) = (count, fresh, false)
  }
}

/// What a ``RecurrentState`` held at one moment.
struct RecurrentSnapshot: StateSnapshot {
  let layout: RecurrentState.Layout
  let tokens: Int
  let values: Storage?

  var blocks: [StateBlock] { values.map { [StateBlock($0, bytes: $0.byteCount)] } ?? [] }
}

extension BatchBox {
  /// The recurrent state of a run of the layout in force, which ``checkRecurrent(_:)`` has seen.
  func recurrentState(of run: BatchLayout.Run, slot: Int = 0) -> RecurrentState {
    unsafeDowncast(run.states[slot] as AnyObject, to: RecurrentState.self)
  }

  /// Whether every run has a recurrent state of a layout.
  ///
  /// - Throws: ``/Layers/MixerError/foreignState(run:expected:)``.
  func checkRecurrent(_ layout: RecurrentState.Layout, slot: Int = 0) throws(MixerError) {
    for (index, run) in (self.layout?.runs ?? []).enumerated() {
      guard run.states.indices.contains(slot), (run.states[slot] as? RecurrentState)?.layout == layout else {
        throw .foreignState(
          run: index, expected: "recurrent state of \(layout.layers) layers of \(layout.width) values")
      }
    }
  }
}
