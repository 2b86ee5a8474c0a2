/// Memory that grows while it is written, up to a limit.
final class InflatedBytes: @unchecked Sendable {
  private(set) var base: UnsafeMutablePointer<UInt8>
  private(set) var capacity: Int
  var count = 0
  let limit: Int

  init(expecting size: Int, limit: Int) {
    self.limit = limit
    capacity = min(max(size, 1 << 12), max(limit, 1))
    base = .allocate(capacity: capacity)
  }

  deinit { base.deallocate() }

  /// Makes room for `more` bytes; false when the limit does not allow it.
  func reserve(_ more: Int) -> Bool {
    if count + more <= capacity { return true }
    guard more <= limit - count else { return false }
    let larger = min(max(2 * capacity, count + more), limit)
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    moved.update(from: base, count: count)
    base.deallocate()
    base = moved
    capacity = larger
    return true
  }

  /// Repeats `length` bytes that begin `distance` before the end; there is room for them.
  @inline(__always)
  func copy(length: Int, distance: Int) {
    let target = base + count
    let source = target - distance
    if distance >= length {
      target.update(from: source, count: length)
    } else {
      // What is copied may be what was just written.
      for index in 0..<length { target[index] = source[index] }
    }
    count += length
  }

  var view: ByteView { ByteView(UnsafeRawBufferPointer(start: base, count: count), keeper: self) }
}
