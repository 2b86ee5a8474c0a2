/// What says which two neighbouring symbols merge.
protocol PairSource {
  /// The preference of a pair, smaller first, and the token that it makes; nothing for one that does not merge. `start` and
  /// `count` are the place of both together in the text.
  func pair(_ left: UInt32, _ right: UInt32, start: Int, count: Int) -> (key: UInt32, token: UInt32)?
}

/// Merges neighbouring symbols, the most preferred pair first and of equal ones the leftmost, in O(n log n): the symbols are
/// a linked list, the pairs a heap.
struct SymbolMerger {
  /// The text's symbols: where each starts, and the token that it is or ``MergeTable/noToken``.
  private(set) var starts: [UInt32] = []
  private(set) var tokens: [UInt32] = []
  private var keys: [UInt32] = []
  private var made: [UInt32] = []
  private var next: [UInt32] = []
  private var previous: [UInt32] = []
  /// Each entry is `key << 32 | symbol`. One whose pair is gone stays until it comes up, and is known by its key.
  private var heap: [UInt64] = []
  private var end: UInt32 = 0

  private static let none = UInt32.max
  /// No pair; larger than every key.
  static let noKey = UInt32.max
  /// Longer texts are cut, as 32-bit places demand.
  static let limit = 1 << 30

  /// Forgets the symbols, and keeps their room.
  mutating func reset() {
    starts.removeAll(keepingCapacity: true)
    tokens.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
    made.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    previous.removeAll(keepingCapacity: true)
    heap.removeAll(keepingCapacity: true)
  }

  mutating func append(start: Int, token: UInt32) {
    starts.append(UInt32(truncatingIfNeeded: start))
    tokens.append(token)
  }

  /// Merges until nothing does, and calls `emit` with each symbol's place and token.
  mutating func run(_ source: some PairSource, end: Int, _ emit: (_ start: Int, _ end: Int, _ token: UInt32) -> Void) {
    let count = starts.count
    guard count > 0 else { return }
    self.end = UInt32(truncatingIfNeeded: end)
    for place in 0..<count {
      keys.append(SymbolMerger.noKey)
      made.append(0)
      next.append(place + 1 < count ? UInt32(truncatingIfNeeded: place + 1) : SymbolMerger.none)
      previous.append(place > 0 ? UInt32(truncatingIfNeeded: place - 1) : SymbolMerger.none)
    }
    for place in 0..<count - 1 { renew(place, source) }
    while let first = heap.first {
      let last = heap.removeLast()
      if !heap.isEmpty {
        heap[0] = last
        sink()
      }
      apply(key: UInt32(truncatingIfNeeded: first &>> 32), place: Int(first & 0xFFFF_FFFF), source)
    }
    var place: UInt32 = 0
    while place != SymbolMerger.none {
      emit(Int(starts[Int(place)]), Int(endOf(Int(place))), tokens[Int(place)])
      place = next[Int(place)]
    }
  }

  private func endOf(_ place: Int) -> UInt32 {
    next[place] == SymbolMerger.none ? end : starts[Int(next[place])]
  }

  private mutating func apply(key: UInt32, place: Int, _ source: some PairSource) {
    guard keys[place] == key else { return }
    let gone = Int(next[place])
    tokens[place] = made[place]
    keys[gone] = SymbolMerger.noKey
    next[place] = next[gone]
    if next[place] != SymbolMerger.none { previous[Int(next[place])] = UInt32(truncatingIfNeeded: place) }
    renew(place, source)
    if previous[place] != SymbolMerger.none { renew(Int(previous[place]), source) }
  }

  /// Looks up the pair that starts at a place anew.
  private mutating func renew(_ place: Int, _ source: some PairSource) {
    keys[place] = SymbolMerger.noKey
    guard next[place] != SymbolMerger.none else { return }
    let right = Int(next[place])
    let start = Int(starts[place])
    guard
      let (key, token) = source.pair(
        tokens[place], tokens[right], start: start, count: Int(endOf(right)) - start)
    else { return }
    keys[place] = key
    made[place] = token
    heap.append(UInt64(key) &<< 32 | UInt64(truncatingIfNeeded: place))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if heap[parent] <= heap[child] { break }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  private mutating func sink() {
    heap.withUnsafeMutableBufferPointer { heap in
      var place = 0
      while true {
        var least = place
        let left = 2 &* place &+ 1
        if left < heap.count, heap[left] < heap[least] { least = left }
        if left &+ 1 < heap.count, heap[left &+ 1] < heap[least] { least = left &+ 1 }
        if least == place { return }
        (heap[place], heap[least]) = (heap[least], heap[place])
        place = least
      }
    }
  }
}
