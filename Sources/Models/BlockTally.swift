import Tensors

/// The blocks of an allocator that are in use at once, counted by size.
struct BlockTally {
  private var counts: [Int: Int] = [:]

  /// Blocks of the given sizes.
  init(_ sizes: [Int] = []) {
    for size in sizes where size > 0 { counts[Allocator.sizeClass(size), default: 0] += 1 }
  }

  /// The blocks of both at once.
  static func + (a: BlockTally, b: BlockTally) -> BlockTally {
    var sum = a
    sum.counts.merge(b.counts, uniquingKeysWith: +)
    return sum
  }

  /// The blocks that serve one after the other: freed ones are handed out again for their size only.
  func then(_ next: BlockTally) -> BlockTally {
    var most = self
    most.counts.merge(next.counts, uniquingKeysWith: max)
    return most
  }

  /// Their bytes.
  var bytes: Int { counts.reduce(0) { $0 + $1.key * $1.value } }
}
