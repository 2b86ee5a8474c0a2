import Synchronization

/// Memory for packed weights, cut one after the other from large blocks.
///
/// A model reads its weights from memory once for each token. In blocks of their own of a few hundred kilobytes they lie in
/// small pages, and the processor spends much of the time on finding these; large blocks get huge pages. A block goes
/// when the last storage in it and the arena's interest in it have gone.
final class WeightArena: Sendable {
  private struct State {
    var block: Storage?
    var used = 0
    var nextBytes = 4 << 20
  }
  private static let largestBlock = 32 << 20
  private let state = Mutex(State())
  private let allocator: Allocator

  init(allocator: Allocator) { self.allocator = allocator }

  /// Storage of `bytes` bytes, aligned to 64.
  ///
  /// - Throws: ``TensorError/outOfMemory(bytes:)``.
  func storage(_ bytes: Int) throws(TensorError) -> Storage {
    if bytes > Self.largestBlock / 8 { return try Storage(byteCount: bytes, allocator: allocator) }
    return try state.withLock { (state) throws(TensorError) in
      if state.block.map({ state.used + bytes > $0.byteCount }) ?? true {
        state.block = try Storage(byteCount: max(state.nextBytes, bytes), allocator: allocator)
        state.used = 0
        state.nextBytes = min(2 * state.nextBytes, Self.largestBlock)
      }
      guard let block = state.block else { throw .outOfMemory(bytes: bytes) }
      let part = UnsafeMutableRawBufferPointer(start: block.base + state.used, count: bytes)
      state.used += (bytes + 63) / 64 * 64
      return Storage(borrowing: part, keeper: block)
    }
  }
}
