import Layers
import Tensors

/// Memory of an operator that grows and never shrinks; its content is lost when it grows.
struct WorkBuffer<Element> {
  private var storage: Storage?
  private var capacity = 0

  /// The first element; `nil` while nothing was taken.
  var base: UnsafeMutablePointer<Element>? { storage?.base.assumingMemoryBound(to: Element.self) }

  /// Makes room for `count` elements of plain data, at least doubling what there was.
  ///
  /// - Throws: ``/Layers/MixerError/memory(_:)``.
  mutating func reserve(_ count: Int, _ allocator: Allocator) throws(MixerError) {
    if count <= capacity { return }
    let wanted = max(count, 2 * capacity)
    storage = nil
    capacity = 0
    do {
      storage = try Storage(byteCount: wanted * MemoryLayout<Element>.stride, allocator: allocator)
    } catch { throw .memory(error) }
    capacity = wanted
  }
}
