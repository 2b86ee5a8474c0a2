/// Which states are as good as others for the next few bytes: those of a counted repetition that are far from its bounds,
/// and those in rules that differ only later on.
///
/// Moore's refinement of a partition, stopped after as many rounds as bytes matter (Moore, *Gedanken-experiments on
/// sequential machines*, 1956): states are apart at first if their own moves look different, and after round r if their
/// moves lead to states that were apart as many rounds before as the move takes bytes. Two states that are together after
/// round r allow the same next r bytes, whatever lies below. A rule that is called is compared by its name and takes the
/// bytes of its shortest text; where that is empty, what comes after it is compared by its name as well.
extension GrammarAutomaton {
  /// For how many bytes states count as alike: few tokens of usual vocabularies are longer.
  static let likeBytes = 16
  /// The most moves, and states looked at in all rounds together; beyond, every state is like itself only.
  private static let (likeMoveLimit, likeWorkLimit) = (1 << 18, 1 << 20)

  /// Fills ``like``.
  mutating func findLike() {
    like = Array(0..<Int32(truncatingIfNeeded: count))
    guard edges.count + calls.count <= Self.likeMoveLimit else { return }
    let shortest = shortest()
    let before = predecessors(shortest)
    let all = Array(0..<count)
    var classes = StateClasses(count: count)
    // The classes after each round so far, and the states to look at in later ones.
    var rounds: [[Int32]] = []
    var due = [[Int]](repeating: [], count: Self.likeBytes + 1)
    (due[0], due[1]) = (all, all)
    var isSeen = [Bool](repeating: false, count: count)
    var work = 0
    for round in 0...Self.likeBytes {
      var states: [Int] = []
      for state in due[round] where !isSeen[state] {
        isSeen[state] = true
        states.append(state)
      }
      for state in states { isSeen[state] = false }
      work += states.count
      if work > Self.likeWorkLimit { return }
      let changed = classes.split(states) { state, number in
        shape(state, in: number, shortest) { target, bytes in bytes > round ? 0 : rounds[round - bytes][Int(target)] }
      }
      rounds.append(classes.numbers)
      // Only states whose moves lead to one that has just been set apart can change.
      for state in round == 0 ? all : changed {
        for (earlier, bytes) in before[state] where round + bytes <= Self.likeBytes {
          due[round + bytes].append(earlier)
        }
      }
    }
    var first: [Int32: Int32] = [:]
    for state in like {
      let number = classes.numbers[Int(state)]
      if let known = first[number] { like[Int(state)] = known } else { first[number] = state }
    }
  }

  /// A state's class and moves as numbers that can be compared, with what `name` says of states that are so many bytes away.
  private func shape(
    _ state: Int, in number: Int32, _ shortest: [Int], _ name: (_ target: Int32, _ bytes: Int) -> Int32
  ) -> [UInt64] {
    let edges = edges[Int(firstEdge[state])..<Int(firstEdge[state + 1])]
    let calls = calls[Int(firstCall[state])..<Int(firstCall[state + 1])]
    var shape: [UInt64] = []
    shape.reserveCapacity(1 + edges.count + calls.count)
    shape.append(UInt64(UInt32(bitPattern: number)) << 32 | UInt64(edges.count) << 1 | (isEnd[state] ? 1 : 0))
    for edge in edges {
      let bytes = UInt64(edge.low) << 8 | UInt64(edge.high)
      shape.append(bytes << 32 | UInt64(UInt32(bitPattern: name(edge.target, 1))))
    }
    for call in calls {
      let bytes = shortest[Int(call.rule)]
      let next = call.target < 0 ? -1 : bytes == 0 ? -2 - call.target : name(call.target, bytes)
      shape.append(UInt64(UInt32(bitPattern: call.rule)) << 32 | UInt64(UInt32(bitPattern: next)))
    }
    shape[1..<1 + edges.count].sort()
    shape[(1 + edges.count)...].sort()
    return shape
  }

  /// The states whose moves lead to each state in some bytes, where that says what class they are in.
  private func predecessors(_ shortest: [Int]) -> [[(state: Int, bytes: Int)]] {
    var before = [[(state: Int, bytes: Int)]](repeating: [], count: count)
    for state in 0..<count {
      for edge in edges[Int(firstEdge[state])..<Int(firstEdge[state + 1])] {
        before[Int(edge.target)].append((state, 1))
      }
      for call in calls[Int(firstCall[state])..<Int(firstCall[state + 1])] where call.target >= 0 {
        let bytes = shortest[Int(call.rule)]
        if bytes > 0, bytes <= Self.likeBytes { before[Int(call.target)].append((state, bytes)) }
      }
    }
    return before
  }

  /// How many bytes it takes at least from each state to its rule's end, as far as ``likeBytes``: one more than that where
  /// it takes more. Found from the least on (Knuth, *A generalization of Dijkstra's algorithm*, 1977).
  private func shortest() -> [Int] {
    let far = Self.likeBytes + 1
    var shortest = [Int](repeating: far, count: count)
    // The moves that each state matters to, with the other state of a call.
    var users = [[(state: Int, other: Int32, isCall: Bool)]](repeating: [], count: count)
    for state in 0..<count {
      for edge in edges[Int(firstEdge[state])..<Int(firstEdge[state + 1])] {
        users[Int(edge.target)].append((state, -1, false))
      }
      for call in calls[Int(firstCall[state])..<Int(firstCall[state + 1])] {
        users[Int(call.rule)].append((state, call.target, true))
        if call.target >= 0 { users[Int(call.target)].append((state, call.rule, true)) }
      }
    }
    var found = [[Int]](repeating: [], count: far + 1)
    found[0] = (0..<count).filter { isEnd[$0] }
    for state in found[0] { shortest[state] = 0 }
    for bytes in 0..<far {
      var index = 0
      while index < found[bytes].count {
        let state = found[bytes][index]
        index += 1
        // Those that have since been found nearer are done already.
        if shortest[state] < bytes { continue }
        for (user, other, isCall) in users[state] {
          let more = isCall ? other < 0 ? 0 : shortest[Int(other)] : 1
          let sum = bytes + more
          if sum < shortest[user] {
            shortest[user] = sum
            found[sum].append(user)
          }
        }
      }
    }
    return shortest
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
