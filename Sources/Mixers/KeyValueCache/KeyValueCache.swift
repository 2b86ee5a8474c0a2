import CVenturi
import Layers
import NumericTypes
import Tensors

/// The keys and values of one sequence, for all layers, in pages of 256 tokens.
///
/// Pages are shared with forks and snapshots and copied when one side writes: a fork costs a reference for each page,
/// and only the last, partly filled page is ever copied. Memory is taken by ``reserve(_:)``, never while computing.
public final class KeyValueCache: MixerState, @unchecked Sendable {
  /// Sizes and element type.
  public let layout: KeyValueLayout
  /// The most tokens it may hold.
  public let capacity: Int
  /// The tokens it holds.
  public private(set) var tokens = 0
  let allocator: Allocator
  private(set) var pages: [KeyValuePage] = []
  /// The base of each page, for the kernels; as long as ``pages``.
  private(set) var bases: [UnsafeRawPointer?] = []

  /// An empty cache; it takes no memory yet.
  ///
  /// - Throws: ``/Layers/MixerError/invalidSetting(field:value:expected:)``.
  public init(_ layout: KeyValueLayout, capacity: Int, allocator: Allocator) throws(MixerError) {
    guard capacity >= 0, capacity < 1 << 31 else {
      throw .invalidSetting(field: "capacity", value: capacity, expected: "0…2³¹-1")
    }
    self.layout = layout
    self.capacity = capacity
    self.allocator = allocator
  }

  /// An empty cache of the given sizes.
  ///
  /// - Throws: ``/Layers/MixerError`` for sizes out of range or an element type other than f32, f16 and i8.
  public convenience init(
    layers: Int, kvHeads: Int, headDim: Int, dtype: DType = .f16, capacity: Int, allocator: Allocator
  ) throws(MixerError) {
    try self.init(
      KeyValueLayout(layers: layers, kvHeads: kvHeads, headDim: headDim, dtype: dtype), capacity: capacity,
      allocator: allocator)
  }

  private init(copying other: KeyValueCache) {
    layout = other.layout
    capacity = other.capacity
    allocator = other.allocator
    tokens = other.tokens
    // Pages reserved beyond the tokens stay with the other.
    let count = KeyValueLayout.pages(tokens)
    pages = Array(other.pages.prefix(count))
    bases = Array(other.bases.prefix(count))
  }

  /// Everything ``/Layers/MixerState`` offers.
  public var capabilities: StateCapabilities { [.truncate, .fork, .gather, .snapshot] }

  /// The bytes of its pages, those shared with forks included.
  public var bytes: Int { pages.count * layout.pageBytes }

  /// Its pages.
  public var blocks: [StateBlock] { pages.map { StateBlock($0, bytes: layout.pageBytes) } }

  /// The bytes of the pages that ``reserve(_:)`` would take.
  public func growth(_ count: Int) -> Int {
    guard count > 0, count <= capacity - tokens else { return 0 }
    let filled = tokens / KeyValueLayout.pageTokens
    let copies = filled < pages.count && !isKnownUniquelyReferenced(&pages[filled])
    let more = max(0, KeyValueLayout.pages(tokens + count) - pages.count)
    return (more + (copies ? 1 : 0)) * layout.pageBytes
  }

  /// Takes pages for `count` more tokens and makes the one that is written next the cache's own.
  ///
  /// - Throws: ``/Layers/MixerError/capacityExceeded(capacity:requested:)``, ``/Layers/MixerError/memory(_:)``.
  public func reserve(_ count: Int) throws(MixerError) {
    guard count >= 0, count <= capacity - tokens else {
      throw .capacityExceeded(capacity: capacity, requested: count >= 0 ? tokens &+ count : count)
    }
    if count == 0 { return }
    let filled = tokens / KeyValueLayout.pageTokens
    if filled < pages.count, !isKnownUniquelyReferenced(&pages[filled]) {
      let copy =
        tokens.isMultiple(of: KeyValueLayout.pageTokens)
        ? try KeyValuePage(bytes: layout.pageBytes, allocator: allocator)
        : try KeyValuePage(copying: pages[filled], allocator: allocator)
      replacePages(from: filled, with: [copy])
    }
    let needed = KeyValueLayout.pages(tokens + count)
    while pages.count < needed {
      let page = try KeyValuePage(bytes: layout.pageBytes, allocator: allocator)
      pages.append(page)
      bases.append(UnsafeRawPointer(page.storage.base))
    }
  }

  /// Counts `count` tokens that were written since ``reserve(_:)``.
  public func advance(by count: Int) {
    precondition(count >= 0 && tokens + count <= pages.count * KeyValueLayout.pageTokens, "tokens were not reserved")
    tokens += count
  }

  /// Forgets all tokens from `count` on and gives their whole pages back.
  ///
  /// - Throws: ``/Layers/MixerError/positionOutOfRange(position:tokens:)``.
  public func truncate(to count: Int) throws(MixerError) {
    guard count >= 0, count <= tokens else { throw .positionOutOfRange(position: count, tokens: tokens) }
    tokens = count
    replacePages(from: KeyValueLayout.pages(count), with: [])
  }

  /// An independent cache that shares the pages; not to be taken between reserving and advancing.
  public func fork() throws(MixerError) -> KeyValueCache { KeyValueCache(copying: self) }

  /// What the cache holds now; it shares the pages.
  public func snapshot() throws(MixerError) -> any StateSnapshot {
    KeyValueSnapshot(layout: layout, tokens: tokens, pages: Array(pages.prefix(KeyValueLayout.pages(tokens))))
  }

  /// Puts a snapshot's tokens in the place of the present ones.
  ///
  /// - Throws: ``/Layers/MixerError/foreignState(run:expected:)``,
  ///   ``/Layers/MixerError/capacityExceeded(capacity:requested:)``.
  public func restore(_ snapshot: any StateSnapshot) throws(MixerError) {
    guard let snapshot = snapshot as? KeyValueSnapshot, snapshot.layout == layout else {
      throw .foreignState(run: 0, expected: "snapshot of a key-value cache of the same layout")
    }
    guard snapshot.tokens <= capacity else {
      throw .capacityExceeded(capacity: capacity, requested: snapshot.tokens)
    }
    tokens = snapshot.tokens
    replacePages(from: 0, with: snapshot.pages)
  }

  /// Replaces all pages from `index` on; the caller keeps ``tokens`` in step.
  func replacePages(from index: Int, with fresh: [KeyValuePage]) {
    pages.replaceSubrange(index..., with: fresh)
    bases.replaceSubrange(index..., with: fresh.map { UnsafeRawPointer($0.storage.base) })
  }

  /// Sets what the cache holds after its pages were replaced.
  func setTokens(_ count: Int) { tokens = count }
}

/// What a ``KeyValueCache`` held at one moment; it shares the cache's pages.
struct KeyValueSnapshot: StateSnapshot {
  let layout: KeyValueLayout
  let tokens: Int
  let pages: [KeyValuePage]

  var blocks: [StateBlock] { pages.map { StateBlock($0, bytes: layout.pageBytes) } }
}
