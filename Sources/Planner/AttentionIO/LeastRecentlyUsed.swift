/// A cache of whole lines that gives up the line that was not used for the longest time.
public struct LeastRecentlyUsed: Sendable {
  /// Words of a line.
  public let lineWords: Int
  /// Lines that it holds.
  public let lines: Int
  /// Accesses to lines that were not there.
  public private(set) var misses = 0

  /// For each line that is there the ones used just before and just after it; −1 at the ends, −2 where it is not there.
  private var older: [Int32]
  private var newer: [Int32]
  private var oldest: Int32 = -1
  private var newest: Int32 = -1
  private var held = 0

  /// An empty cache of `words` words for addresses below `addresses`.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for lines of nothing, less than a line, and more than 2²⁸ addresses.
  public init(words: Int, lineWords: Int, addresses: Int) throws(PlannerError) {
    guard (1...1 << 20).contains(lineWords) else {
      throw .invalid(field: "lineWords", problem: "\(lineWords) lies outside 1…2²⁰")
    }
    guard words >= lineWords else {
      throw .invalid(field: "words", problem: "\(words) do not hold a line of \(lineWords)")
    }
    guard (1...1 << 28).contains(addresses) else {
      throw .invalid(field: "addresses", problem: "\(addresses) lies outside 1…2²⁸")
    }
    self.lineWords = lineWords
    lines = words / lineWords
    older = [Int32](repeating: -2, count: (addresses + lineWords - 1) / lineWords)
    newer = older
  }

  /// Words that were brought in.
  public var words: Int { misses * lineWords }

  /// An access; addresses that it was not made for are left out.
  mutating func touch(_ address: Int) {
    let line = address / lineWords
    guard older.indices.contains(line) else { return }
    if older[line] == -2 {
      misses += 1
      if held == lines { remove(Int(oldest)) } else { held += 1 }
    } else {
      remove(line)
    }
    older[line] = newest
    newer[line] = -1
    if newest >= 0 { newer[Int(newest)] = Int32(line) } else { oldest = Int32(line) }
    newest = Int32(line)
  }

  private mutating func remove(_ line: Int) {
    let (before, after) = (older[line], newer[line])
    if before >= 0 { newer[Int(before)] = after } else { oldest = after }
    if after >= 0 { older[Int(after)] = before } else { newest = before }
    older[line] = -2
  }
}
