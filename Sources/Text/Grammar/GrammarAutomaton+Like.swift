/// Which states are as good as others for the next few bytes: those of a counted repetition that are far from its bounds,
/// and those in rules that differ only later on.
///
/// Moore's refinement of a partition, stopped after as many rounds as bytes matter (Moore, *Gedanken-experiments on
/// sequential machines*, 1956): states are apart at first if their own moves look different, and after each round if their
/// moves lead to states that were apart before. Two states that are still together allow the same next bytes, so many as
/// there were rounds, whatever lies below. A rule that is called is compared by its name; where it may be empty, what comes
/// after it is reached without a byte, and is compared by its name as well.
extension GrammarAutomaton {
  /// For how many bytes states count as alike: few tokens of usual vocabularies are longer.
  static let likeBytes = 16
  /// The most moves, and states looked at in all rounds together; beyond, every state is like itself only.
  private static let (likeMoveLimit, likeWorkLimit) = (1 << 18, 1 << 20)

  /// Fills ``like``.
  mutating func findLike() {
    like = Array(0..<Int32(truncatingIfNeeded: count))
    guard edges.count + calls.count <= Self.likeMoveLimit else { return }
    let isNullable = nullable()
    var classes = StateClasses(count: count)
    classes.split(Array(0..<count)) { shape($0, in: $1, isNullable) { _ in 0 } }
    // After the first round only states whose moves lead to one that has just been set apart can change.
    let before = predecessors(isNullable)
    var isPending = [Bool](repeating: false, count: count)
    var pending = Array(0..<count)
    var work = 0
    for _ in 0..<Self.likeBytes {
      work += pending.count
      if work > Self.likeWorkLimit { return }
      let numbers = classes.numbers
      let changed = classes.split(pending) { shape($0, in: $1, isNullable) { numbers[Int($0)] } }
      if changed.isEmpty { break }
      pending.removeAll(keepingCapacity: true)
      for state in changed {
        for earlier in before[state] where !isPending[earlier] {
          isPending[earlier] = true
          pending.append(earlier)
        }
      }
      for state in pending { isPending[state] = false }
    }
    var first: [Int32: Int32] = [:]
    for state in like {
      let number = classes.numbers[Int(state)]
      if let known = first[number] { like[Int(state)] = known } else { first[number] = state }
    }
  }

  /// A state's class and moves as numbers that can be compared, with what `name` says of the states that they lead to.
  private func shape(
    _ state: Int, in number: Int32, _ isNullable: [Bool], _ name: (Int32) -> Int32
  ) -> [UInt64] {
    let edges = edges[Int(firstEdge[state])..<Int(firstEdge[state + 1])]
    let calls = calls[Int(firstCall[state])..<Int(firstCall[state + 1])]
    var shape: [UInt64] = []
    shape.reserveCapacity(1 + edges.count + calls.count)
    shape.append(UInt64(UInt32(bitPattern: number)) << 32 | UInt64(edges.count) << 1 | (isEnd[state] ? 1 : 0))
    for edge in edges {
      let bytes = UInt64(edge.low) << 8 | UInt64(edge.high)
      shape.append(bytes << 32 | UInt64(UInt32(bitPattern: name(edge.target))))
    }
    for call in calls {
      let next = call.target < 0 ? -1 : isNullable[Int(call.rule)] ? -2 - call.target : name(call.target)
      shape.append(UInt64(UInt32(bitPattern: call.rule)) << 32 | UInt64(UInt32(bitPattern: next)))
    }
    shape[1..<1 + edges.count].sort()
    shape[(1 + edges.count)...].sort()
    return shape
  }

  /// The states whose moves lead to each state, where that says what class they are in.
  private func predecessors(_ isNullable: [Bool]) -> [[Int]] {
    var before = [[Int]](repeating: [], count: count)
    for state in 0..<count {
      for edge in edges[Int(firstEdge[state])..<Int(firstEdge[state + 1])] { before[Int(edge.target)].append(state) }
      for call in calls[Int(firstCall[state])..<Int(firstCall[state + 1])]
      where call.target >= 0 && !isNullable[Int(call.rule)] {
        before[Int(call.target)].append(state)
      }
    }
    return before
  }

  /// Whether a rule may end at a state, or behind calls only.
  private func nullable() -> [Bool] {
    var isNullable = isEnd
    // The calls that each state matters to, by the state that makes them.
    var users = [[(state: Int, call: Call)]](repeating: [], count: count)
    for state in 0..<count {
      for call in calls[Int(firstCall[state])..<Int(firstCall[state + 1])] {
        users[Int(call.rule)].append((state, call))
        if call.target >= 0 { users[Int(call.target)].append((state, call)) }
      }
    }
    var pending = (0..<count).filter { isEnd[$0] }
    while let state = pending.popLast() {
      for (user, call) in users[state] where !isNullable[user] {
        if isNullable[Int(call.rule)], call.target < 0 || isNullable[Int(call.target)] {
          isNullable[user] = true
          pending.append(user)
        }
      }
    }
    return isNullable
  }

  /// States by class.
  private struct StateClasses {
    private(set) var numbers: [Int32]
    private var sizes: [Int]

    init(count: Int) {
      numbers = [Int32](repeating: 0, count: count)
      sizes = [count]
    }

    /// Sets states of one class apart whose shapes differ, from each other and from those that are not among the given
    /// ones; the states whose class is another one then.
    @discardableResult
    mutating func split(_ states: [Int], _ shape: (_ state: Int, _ number: Int32) -> [UInt64]) -> [Int] {
      var shares: [Int32: Int] = [:]
      for state in states { shares[numbers[state], default: 0] += 1 }
      var known: [[UInt64]: Int32] = [:]
      var isTaken: Set<Int32> = []
      var changed: [(state: Int, number: Int32)] = []
      for state in states {
        let old = numbers[state]
        let key = shape(state, old)
        let number: Int32
        if let found = known[key] {
          number = found
        } else {
          // Where none of a class is left behind, its number goes to the first of the new ones.
          if shares[old] == sizes[Int(old)], isTaken.insert(old).inserted {
            number = old
          } else {
            number = Int32(truncatingIfNeeded: sizes.count)
            sizes.append(0)
          }
          known[key] = number
        }
        if number != old { changed.append((state, number)) }
      }
      for (state, number) in changed {
        sizes[Int(numbers[state])] -= 1
        sizes[Int(number)] += 1
        numbers[state] = number
      }
      return changed.map(\.state)
    }
  }
}
