/// A computer with a slow memory of any size and a fast one of so many words: arithmetic sees only what was brought into the latter.
///
/// It counts words that are loaded and stored, and refuses to hold more than it can and to read or write what is not there.
public struct IOMachine {
  /// Words of the fast memory.
  public let capacity: Int
  /// Words that were loaded and stored.
  public private(set) var words = 0
  /// Words that are in the fast memory.
  public private(set) var resident = 0
  /// The most that were.
  public private(set) var mostResident = 0
  /// A cache that sees every access of arithmetic in the place of the loads and stores, to tell what it would move.
  public var cache: LeastRecentlyUsed?

  private var slow: [Double]
  private var fast: [Double]
  private var isResident: [Bool]

  /// A machine whose slow memory holds `contents`.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a fast memory of no words, and more than 2²⁸ in the slow one.
  public init(capacity: Int, contents: [Double]) throws(PlannerError) {
    guard capacity >= 1 else { throw .invalid(field: "capacity", problem: "\(capacity) words") }
    guard contents.count <= 1 << 28 else {
      throw .invalid(field: "contents", problem: "\(contents.count) words are more than 2²⁸")
    }
    self.capacity = capacity
    slow = contents
    fast = [Double](repeating: .nan, count: contents.count)
    isResident = [Bool](repeating: false, count: contents.count)
  }

  /// Brings words of the slow memory into the fast one.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for words that are there already, and where there is no room.
  public mutating func load(_ range: Range<Int>) throws(PlannerError) {
    try allocate(range)
    for address in range { fast[address] = slow[address] }
    words += range.count
  }

  /// Makes room for words that are to be computed.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for words that are there already, and where there is no room.
  public mutating func allocate(_ range: Range<Int>) throws(PlannerError) {
    guard range.lowerBound >= 0, range.upperBound <= slow.count else {
      throw .invalid(field: "range", problem: "\(range) lies outside of \(slow.count) words")
    }
    for address in range {
      guard !isResident[address] else { throw .invalid(field: "range", problem: "word \(address) is there already") }
      isResident[address] = true
    }
    resident += range.count
    guard resident <= capacity else {
      throw .invalid(field: "residency", problem: "\(resident) words in a memory of \(capacity)")
    }
    mostResident = max(mostResident, resident)
  }

  /// Writes words of the fast memory back; they stay.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for words that are not there.
  public mutating func store(_ range: Range<Int>) throws(PlannerError) {
    for address in range { slow[address] = try checked(address) }
    words += range.count
  }

  /// Gives words of the fast memory up.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for words that are not there.
  public mutating func free(_ range: Range<Int>) throws(PlannerError) {
    for address in range {
      _ = try checked(address)
      isResident[address] = false
      fast[address] = .nan
    }
    resident -= range.count
  }

  /// A word of the fast memory.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for one that is not there.
  public mutating func read(_ address: Int) throws(PlannerError) -> Double {
    cache?.touch(address)
    return try checked(address)
  }

  /// Writes a word of the fast memory.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for one that is not there.
  public mutating func write(_ address: Int, _ value: Double) throws(PlannerError) {
    cache?.touch(address)
    _ = try checked(address)
    fast[address] = value
  }

  /// Words of the slow memory, to look at from outside.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for words that it does not have.
  public func contents(_ range: Range<Int>) throws(PlannerError) -> [Double] {
    guard range.lowerBound >= 0, range.upperBound <= slow.count else {
      throw .invalid(field: "range", problem: "\(range) lies outside of \(slow.count) words")
    }
    return Array(slow[range])
  }

  private func checked(_ address: Int) throws(PlannerError) -> Double {
    guard isResident.indices.contains(address), isResident[address] else {
      throw .invalid(field: "address", problem: "word \(address) is not in the fast memory")
    }
    return fast[address]
  }
}
