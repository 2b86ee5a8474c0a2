import CVenturi
import Synchronization

/// Memory that is kept when it is given back, so that large temporaries are not faulted in anew each time.
///
/// Requests are rounded up to size classes (four to each power of two, at least 256 bytes); a freed block goes to its
/// class and is handed out again, newest first. Blocks are aligned to at least 64 bytes.
public final class Allocator: Sendable {
  private struct State {
    var free: [Int: [UInt]] = [:]
    var liveBytes = 0
    var cachedBytes = 0
    var peakLiveBytes = 0
  }
  private let state = Mutex(State())
  private let cacheLimit: Int
  /// Whether blocks are only counted: large ones are addresses that nothing is read from.
  private let isImagined: Bool
  /// What is there until the last block has gone back to the system: it goes after the allocator's `deinit`.
  package let lifetime: AnyObject & Sendable = Lifetime()

  private final class Lifetime: Sendable {}

  /// An allocator that keeps at most `cacheLimit` bytes of free blocks.
  public init(cacheLimit: Int = 1 << 30) {
    self.cacheLimit = cacheLimit
    isImagined = false
  }

  /// An allocator that hands out address space in place of memory, for a ``Context`` that rehearses. What is written into it
  /// directly takes memory, and small blocks hold zeros.
  package init(imagining: Void) {
    cacheLimit = 1 << 30
    isImagined = true
  }

  deinit { releaseCache() }

  /// The bytes handed out and not given back.
  public var liveBytes: Int { state.withLock { $0.liveBytes } }
  /// The largest ``liveBytes`` so far, or since ``resetPeak()``.
  public var peakLiveBytes: Int { state.withLock { $0.peakLiveBytes } }
  /// Starts ``peakLiveBytes`` anew from what is handed out now.
  public func resetPeak() { state.withLock { $0.peakLiveBytes = $0.liveBytes } }
  /// The bytes of free blocks that are kept.
  public var cachedBytes: Int { state.withLock { $0.cachedBytes } }

  /// The size class that holds `bytes`.
  package static func sizeClass(_ bytes: Int) -> Int {
    if bytes <= 256 { return 256 }
    let step = 1 << (Int.bitWidth - (bytes - 1).leadingZeroBitCount - 3)
    return (bytes + step - 1) & ~(step - 1)
  }

  /// A block of at least `bytes` bytes, its content undefined.
  ///
  /// - Throws: ``TensorError/outOfMemory(bytes:)``.
  package func allocate(_ bytes: Int) throws(TensorError) -> UnsafeMutableRawPointer {
    guard bytes >= 0, bytes < 1 << (isImagined ? 56 : 46) else { throw .outOfMemory(bytes: bytes) }
    let size = Self.sizeClass(bytes)
    let cached: UInt? = state.withLock { state in
      state.liveBytes += size
      state.peakLiveBytes = max(state.peakLiveBytes, state.liveBytes)
      guard let block = state.free[size]?.popLast() else { return nil }
      state.cachedBytes -= size
      return block
    }
    if let cached, let pointer = UnsafeMutableRawPointer(bitPattern: cached) {
      if isImagined, size < 4096 { pointer.initializeMemory(as: UInt8.self, repeating: 0, count: size) }
      return pointer
    }
    if isImagined { return try imagined(bytes, size) }
    if let fresh = size >= 4096 ? vt_pages_allocate(size) : aligned(size) { return fresh }
    state.withLock { $0.liveBytes -= size }
    throw .outOfMemory(bytes: bytes)
  }

  /// What stands for memory where there is not even address space for it.
  private static var nowhere: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: 1 << 30) }

  private func imagined(_ bytes: Int, _ size: Int) throws(TensorError) -> UnsafeMutableRawPointer {
    guard size < 4096 else { return (vt_pages_reserve(size) ?? Self.nowhere).unsafelyUnwrapped }
    guard let block = aligned(size) else { throw .outOfMemory(bytes: bytes) }
    block.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    return block
  }

  private func aligned(_ size: Int) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
  }

  /// Takes back a block that ``allocate(_:)`` gave for `bytes` bytes.
  package func release(_ pointer: UnsafeMutableRawPointer, bytes: Int) {
    let size = Self.sizeClass(bytes)
    let kept = state.withLock { state in
      state.liveBytes -= size
      guard state.cachedBytes + size <= cacheLimit else { return false }
      state.cachedBytes += size
      state.free[size, default: []].append(UInt(bitPattern: pointer))
      return true
    }
    if !kept { Self.giveBack(pointer, size) }
  }

  /// Returns every free block to the system.
  public func releaseCache() {
    let blocks = state.withLock { state in
      defer { state.free = [:] }
      state.cachedBytes = 0
      return state.free
    }
    for (size, pointers) in blocks {
      for bits in pointers {
        if let pointer = UnsafeMutableRawPointer(bitPattern: bits) { Self.giveBack(pointer, size) }
      }
    }
  }

  private static func giveBack(_ pointer: UnsafeMutableRawPointer, _ size: Int) {
    if size >= 4096 { if pointer != nowhere { vt_pages_free(pointer, size) } } else { pointer.deallocate() }
  }
}
