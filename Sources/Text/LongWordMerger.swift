/// Merges the pairs of a long word in O(n log n): the tokens are a linked list, the pairs a heap ordered by rank and place.
struct LongWordMerger {
  private let tables: BytePairTables
  private let tokens: UnsafeMutablePointer<UInt32>
  /// The rank of the pair of each token and the next; of a token merged into its left neighbour it is ``MergeTable/noRank``.
  private let ranks: UnsafeMutablePointer<UInt32>
  private let next: UnsafeMutablePointer<UInt32>
  private let previous: UnsafeMutablePointer<UInt32>
  /// Each entry is `rank << 40 | place of the left token`. An entry whose pair is gone stays until it comes up, and is known
  /// by its rank.
  private let heap: UnsafeMutablePointer<UInt64>
  private var heapCount = 0

  private static let none = UInt32.max
  /// Longer words are cut, as 32-bit places demand; no text of that length fits a model.
  private static let limit = 1 << 30

  /// Calls `emit` with the tokens of a word in their order.
  static func merge(
    _ word: UnsafePointer<UInt8>, _ length: Int, _ tables: BytePairTables, emit: (UInt32) -> Void
  ) {
    var start = 0
    while start < length {
      let count = min(length - start, limit)
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4 * count) { space in
        // Every merge takes one entry out and puts at most two in.
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * count) { heap in
          guard let base = space.baseAddress, let heap = heap.baseAddress else { return }
          var merger = LongWordMerger(tables, base, heap, count)
          merger.run(word + start, count)
          var place: UInt32 = 0
          while place != none {
            emit(merger.tokens[Int(place)])
            place = merger.next[Int(place)]
          }
        }
      }
      start += count
    }
  }

  private init(
    _ tables: BytePairTables, _ space: UnsafeMutablePointer<UInt32>, _ heap: UnsafeMutablePointer<UInt64>, _ count: Int
  ) {
    self.tables = tables
    self.heap = heap
    tokens = space
    ranks = space + count
    next = space + 2 * count
    previous = space + 3 * count
  }

  private mutating func run(_ word: UnsafePointer<UInt8>, _ count: Int) {
    for place in 0..<count {
      tokens[place] = tables.byteTokens[Int(word[place])]
      ranks[place] = MergeTable.noRank
      next[place] = place + 1 < count ? UInt32(truncatingIfNeeded: place + 1) : LongWordMerger.none
      previous[place] = place > 0 ? UInt32(truncatingIfNeeded: place - 1) : LongWordMerger.none
    }
    for place in 0..<count - 1 {
      let rank = tables.rank(tokens[place], tokens[place + 1])
      guard rank != MergeTable.noRank else { continue }
      ranks[place] = rank
      heap[heapCount] = UInt64(rank) &<< 40 | UInt64(truncatingIfNeeded: place)
      heapCount += 1
    }
    for place in stride(from: heapCount / 2 - 1, through: 0, by: -1) { sink(place) }
    while heapCount > 0 {
      let entry = heap[0]
      heapCount &-= 1
      heap[0] = heap[heapCount]
      sink(0)
      apply(rank: UInt32(truncatingIfNeeded: entry &>> 40), place: Int(entry & 0xFF_FFFF_FFFF))
    }
  }

  private mutating func apply(rank: UInt32, place: Int) {
    guard ranks[place] == rank else { return }
    let gone = Int(next[place])
    tokens[place] = tables.result(rank)
    ranks[gone] = MergeTable.noRank
    next[place] = next[gone]
    if next[place] != LongWordMerger.none { previous[Int(next[place])] = UInt32(truncatingIfNeeded: place) }
    renew(place)
    if previous[place] != LongWordMerger.none { renew(Int(previous[place])) }
  }

  /// Looks up the pair that starts at a place anew.
  @inline(__always)
  private mutating func renew(_ place: Int) {
    ranks[place] = MergeTable.noRank
    guard next[place] != LongWordMerger.none else { return }
    let rank = tables.rank(tokens[place], tokens[Int(next[place])])
    guard rank != MergeTable.noRank else { return }
    ranks[place] = rank
    heap[heapCount] = UInt64(rank) &<< 40 | UInt64(truncatingIfNeeded: place)
    var child = heapCount
    heapCount &+= 1
    while child > 0 {
      let parent = (child &- 1) / 2
      if heap[parent] <= heap[child] { break }
      (heap[parent], heap[child]) = (heap[child], heap[parent])
      child = parent
    }
  }

  @inline(__always)
  private func sink(_ start: Int) {
    var place = start
    while true {
      var least = place
      let left = 2 &* place &+ 1
      if left < heapCount, heap[left] < heap[least] { least = left }
      if left &+ 1 < heapCount, heap[left &+ 1] < heap[least] { least = left &+ 1 }
      if least == place { return }
      (heap[place], heap[least]) = (heap[least], heap[place])
      place = least
    }
  }
}
