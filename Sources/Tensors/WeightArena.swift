import NumericTypes
import Synchronization

/// Memory for packed weights, cut one after the other from large blocks.
///
/// A model reads its weights from memory once for each token. In blocks of their own of a few hundred kilobytes they lie in
/// small pages, and the processor spends much of the time on finding these; large blocks get huge pages. A block goes
/// when the last storage in it and the arena's interest in it have gone.
final class WeightArena: Sendable {
  /// How matrices are cut from blocks, as far as it is arithmetic.
  private struct Cuts {
    enum Place { case ownBlock, freshBlock(bytes: Int), block(offset: Int) }
    private static let largestBlock = 32 << 20
    private var blockBytes = 0
    private var used = 0
    private var nextBytes = 4 << 20

    mutating func place(_ bytes: Int) -> Place {
      if bytes > Self.largestBlock / 8 { return .ownBlock }
      defer { used += (bytes + 63) / 64 * 64 }
      if used + bytes <= blockBytes { return .block(offset: used) }
      blockBytes = max(nextBytes, bytes)
      used = 0
      nextBytes = min(2 * nextBytes, Self.largestBlock)
      return .freshBlock(bytes: blockBytes)
    }
  }
  private struct State {
    var cuts = Cuts()
    var block: Storage?
  }
  private let state = Mutex(State())
  private let allocator: Allocator

  init(allocator: Allocator) { self.allocator = allocator }

  /// Storage of `bytes` bytes, aligned to 64.
  ///
  /// - Throws: ``TensorError/outOfMemory(bytes:)``.
  func storage(_ bytes: Int) throws(TensorError) -> Storage {
    try state.withLock { (state) throws(TensorError) in
      let offset: Int
      switch state.cuts.place(bytes) {
      case .ownBlock: return try Storage(byteCount: bytes, allocator: allocator)
      case .freshBlock(let size):
        state.block = nil
        state.block = try Storage(byteCount: size, allocator: allocator)
        offset = 0
      case .block(let place): offset = place
      }
      // Nothing where the last block was not to be had.
      guard let block = state.block else { throw .outOfMemory(bytes: bytes) }
      return Storage(borrowing: UnsafeMutableRawBufferPointer(start: block.base + offset, count: bytes), keeper: block)
    }
  }

  /// The bytes that storage of these sizes takes of the allocator, asked for in this order.
  static func bytes(of sizes: some Sequence<Int>) -> Int {
    var cuts = Cuts()
    return sizes.reduce(0) { total, size in
      switch cuts.place(size) {
      case .ownBlock: total.addingClamped(Allocator.sizeClass(size))
      case .freshBlock(let bytes): total.addingClamped(Allocator.sizeClass(bytes))
      case .block: total
      }
    }
  }
}
