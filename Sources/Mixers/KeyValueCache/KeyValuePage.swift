import Layers
import Tensors

/// 256 tokens' keys and values of all layers; shared between forks until one of them writes.
final class KeyValuePage: Sendable {
  let storage: Storage

  init(bytes: Int, allocator: Allocator) throws(MixerError) {
    do { storage = try Storage(byteCount: bytes, allocator: allocator) } catch { throw .memory(error) }
  }

  /// A copy of `other` with memory of its own.
  convenience init(copying other: KeyValuePage, allocator: Allocator) throws(MixerError) {
    try self.init(bytes: other.storage.byteCount, allocator: allocator)
    storage.base.copyMemory(from: other.storage.base, byteCount: other.storage.byteCount)
  }
}
