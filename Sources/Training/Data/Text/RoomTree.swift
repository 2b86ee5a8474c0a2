/// A set of numbers from 1 to a length that finds the least one not below another: a tree of 64-bit words, each bit saying
/// whether the word below it holds any.
struct RoomTree {
  private var levels: [[UInt64]] = []

  init(length: Int) {
    var words = length / 64 + 1
    levels.append([UInt64](repeating: 0, count: words))
    while words > 1 {
      words = (words + 63) / 64
      levels.append([UInt64](repeating: 0, count: words))
    }
  }

  mutating func insert(_ number: Int) {
    var place = number
    for level in levels.indices {
      levels[level][place / 64] |= 1 << UInt64(place % 64)
      place /= 64
    }
  }

  mutating func remove(_ number: Int) {
    var place = number
    for level in levels.indices {
      levels[level][place / 64] &= ~(1 << UInt64(place % 64))
      if levels[level][place / 64] != 0 { return }
      place /= 64
    }
  }

  func least(atLeast number: Int) -> Int? {
    var place = number
    for level in levels.indices {
      guard place / 64 < levels[level].count else { return nil }
      let word = levels[level][place / 64] & (UInt64.max << UInt64(place % 64))
      if word != 0 {
        var found = place / 64 * 64 + word.trailingZeroBitCount
        for below in levels[..<level].reversed() { found = found * 64 + below[found].trailingZeroBitCount }
        return found
      }
      place = place / 64 + 1
    }
    return nil
  }
}
