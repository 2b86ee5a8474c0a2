/// The states that a text can have brought a grammar's automaton to, found one byte at a time and remembered.
///
/// A state is a set of readings of the text so far, each a state of the automaton and a stack of where to go on after open
/// rules. Stacks and sets are stored once and named by numbers, so that after the first visit a byte costs one look-up.
final class GrammarWalk {
  /// A set of readings. Valid until ``forget(but:)``.
  typealias State = GrammarState

  private struct Node: Hashable {
    var target: Int32
    var parent: Int32
  }

  /// A reading: the automaton's state in the high half, the stack in the low one.
  private typealias Reading = UInt64

  let automaton: GrammarAutomaton
  /// Stack 0 is the empty one: when the root rule ends, so may the text. Stack 1 is an unknown one.
  private var nodes: [Node] = []
  private var depths: [Int32] = []
  /// Whether a stack stands on the unknown one.
  private var isOpen: [Bool] = []
  /// For each stack the one that ``like(_:)`` takes for it, -1 where not yet found.
  private var likeNodes: [Int32] = []
  private var nodeNumbers: [Node: Int32] = [:]
  private var sets: [[Reading]] = []
  private var setNumbers: [[Reading]: State] = [:]
  /// How many readings all sets have together.
  private var readingCount = 0
  /// For each set where each byte leads; all share one row of unknown states until they are asked.
  private let rows: UnsafeMutablePointer<UnsafeMutablePointer<State>>
  private let unknown: UnsafeMutablePointer<State>
  /// What has been done since the last ``beginWork()``, in readings and edges looked at.
  private var work = 0

  /// The most readings of one text.
  static let readingLimit = 2_048
  /// The most sets, readings in them and stacks that are kept from one token to the next.
  private static let setLimit = 16_384
  private static let keptReadingLimit = 1 << 20
  private static let nodeLimit = 1 << 18
  /// The most sets while one token is looked for.
  private static let setLimitWithin = 65_536
  /// The most readings and edges that are looked at for one token.
  private static let workLimit = 1 << 24
  /// The deepest stack that counts as unknown, and the deepest upon it.
  private static let localDepth = Int32(Grammar.depthLimit / 2)
  /// The reading that the text may end here.
  private static let accepting: Reading = .max
  /// The reading that a rule below the unknown stack has ended.
  private static let escaped: Reading = .max - 1

  init(_ automaton: GrammarAutomaton) {
    self.automaton = automaton
    unknown = Self.row()
    rows = .allocate(capacity: Self.setLimitWithin)
    clear()
  }

  deinit {
    freeRows()
    rows.deallocate()
    unknown.deallocate()
  }

  private static func row() -> UnsafeMutablePointer<State> {
    let row = UnsafeMutablePointer<State>.allocate(capacity: 256)
    row.initialize(repeating: .unknown, count: 256)
    return row
  }

  private func freeRows() { for index in sets.indices where rows[index] != unknown { rows[index].deallocate() } }

  /// Begins what one token may cost.
  func beginWork() { work = 0 }

  private func spend(_ count: Int) throws(TextError) {
    work += count
    if work > Self.workLimit { throw .grammarLimit(what: "readings and moves for one token", limit: Self.workLimit) }
  }

  private func clear() {
    freeRows()
    nodes = [Node(target: -1, parent: -1), Node(target: -1, parent: -1)]
    depths = [0, 0]
    isOpen = [false, true]
    likeNodes = [0, 1]
    nodeNumbers = [:]
    sets = [[]]
    setNumbers = [[]: .dead]
    readingCount = 0
    rows[0] = unknown
  }

  /// Where every text begins.
  func start() throws(TextError) -> State {
    var found = Closure()
    try close(automaton.start, 0, &found)
    return try state(of: found.kept)
  }

  /// How many sets are remembered.
  var stateCount: Int { sets.count }
  /// Whether it is time to ``forget(but:)``.
  var isFull: Bool {
    sets.count > Self.setLimit || readingCount > Self.keptReadingLimit || nodes.count > Self.nodeLimit
  }

  @inline(__always)
  func next(_ state: State, _ byte: UInt8) throws(TextError) -> State {
    let known = rows[state.number][Int(byte)]
    return known != .unknown ? known : try compute(state, byte)
  }

  @inline(never)
  private func compute(_ state: State, _ byte: UInt8) throws(TextError) -> State {
    var found = Closure()
    // Bytes between the same ends of all edges lead to the same set.
    var (low, high) = (UInt8.min, UInt8.max)
    for reading in sets[state.number] where reading < Self.escaped {
      let place = Int(reading >> 32)
      let stack = Int32(truncatingIfNeeded: reading & 0xFFFF_FFFF)
      let edges = Int(automaton.firstEdge[place])..<Int(automaton.firstEdge[place + 1])
      try spend(1 + edges.count)
      for index in edges {
        let edge = automaton.edges[index]
        if byte < edge.low {
          high = min(high, edge.low - 1)
        } else if byte > edge.high {
          low = max(low, edge.high + 1)
        } else {
          (low, high) = (max(low, edge.low), min(high, edge.high))
          try close(edge.target, stack, &found)
        }
      }
    }
    let next = try self.state(of: found.kept)
    if rows[state.number] == unknown { rows[state.number] = Self.row() }
    for byte in low...high { rows[state.number][Int(byte)] = next }
    return next
  }

  /// What is found from one reading without a byte.
  private struct Closure {
    var kept: [Reading] = []
    /// All readings met: mostly so few that looking through them is faster than hashing.
    private var few: [Reading] = []
    private var many: Set<Reading> = []

    var count: Int { many.isEmpty ? few.count : many.count }

    /// Whether a reading was not met before.
    mutating func insert(_ reading: Reading) -> Bool {
      if !many.isEmpty { return many.insert(reading).inserted }
      if few.contains(reading) { return false }
      few.append(reading)
      if few.count > 24 { many = Set(few) }
      return true
    }
  }

  private func close(_ place: Int32, _ stack: Int32, _ found: inout Closure) throws(TextError) {
    var pending: [Reading] = [Self.reading(place, stack)]
    while let reading = pending.popLast() {
      guard found.insert(reading) else { continue }
      try spend(4)
      if found.count > Self.readingLimit {
        throw .grammarLimit(what: "readings of one text", limit: Self.readingLimit)
      }
      let place = Int(reading >> 32)
      let stack = Int32(truncatingIfNeeded: reading & 0xFFFF_FFFF)
      if automaton.firstEdge[place] < automaton.firstEdge[place + 1] { found.kept.append(reading) }
      if automaton.isEnd[place] {
        switch stack {
        case 0: found.kept.append(Self.accepting)
        case 1: found.kept.append(Self.escaped)
        default:
          let node = nodes[Int(stack)]
          pending.append(Self.reading(node.target, node.parent))
        }
      }
      let calls = Int(automaton.firstCall[place])..<Int(automaton.firstCall[place + 1])
      try spend(calls.count)
      for index in calls {
        let call = automaton.calls[index]
        if call.target < 0 {
          pending.append(Self.reading(call.rule, stack))
        } else if isOpen[Int(stack)], depths[Int(stack)] >= Self.localDepth {
          // How much deeper it may go depends on what lies below.
          found.kept.append(Self.escaped)
        } else if depths[Int(stack)] < Int32(Grammar.depthLimit) {
          pending.append(Self.reading(call.rule, push(call.target, stack)))
        }
      }
    }
  }

  private static func reading(_ place: Int32, _ stack: Int32) -> Reading {
    UInt64(UInt32(bitPattern: place)) << 32 | UInt64(UInt32(bitPattern: stack))
  }

  private func push(_ target: Int32, _ parent: Int32) -> Int32 {
    let node = Node(target: target, parent: parent)
    if let known = nodeNumbers[node] { return known }
    let number = Int32(truncatingIfNeeded: nodes.count)
    nodes.append(node)
    depths.append(depths[Int(parent)] + 1)
    isOpen.append(isOpen[Int(parent)])
    likeNodes.append(-1)
    nodeNumbers[node] = number
    return number
  }

  /// The state of these readings, in any order.
  private func state(of found: [Reading]) throws(TextError) -> State {
    var readings = found
    readings.sort()
    var count = 0
    for index in readings.indices where index == 0 || readings[index] != readings[index - 1] {
      readings[count] = readings[index]
      count += 1
    }
    readings.removeLast(readings.count - count)
    if let known = setNumbers[readings] { return known }
    if sets.count >= Self.setLimitWithin {
      throw .grammarLimit(what: "states for one token", limit: Self.setLimitWithin)
    }
    let state = State(
      sets.count, isAccepting: readings.last == Self.accepting,
      goesOn: readings.first.map { $0 < Self.escaped } ?? false, hasEscaped: readings.suffix(2).contains(Self.escaped))
    rows[sets.count] = unknown
    sets.append(readings)
    setNumbers[readings] = state
    readingCount += readings.count
    return state
  }

  /// A state that allows the same next ``GrammarAutomaton/likeBytes`` bytes and is the same one for many: that which has
  /// the automaton's representatives in all places.
  func like(_ state: State) throws(TextError) -> State {
    let readings = sets[state.number]
    var moved: [Reading] = []
    moved.reserveCapacity(readings.count)
    try spend(readings.count)
    for reading in readings {
      if reading >= Self.escaped {
        moved.append(reading)
        continue
      }
      let stack = Int32(truncatingIfNeeded: reading & 0xFFFF_FFFF)
      moved.append(Self.reading(automaton.like[Int(reading >> 32)], try likeNode(stack)))
    }
    return try self.state(of: moved)
  }

  private func likeNode(_ stack: Int32) throws(TextError) -> Int32 {
    var path: [Int32] = []
    var at = stack
    while likeNodes[Int(at)] < 0 {
      path.append(at)
      at = nodes[Int(at)].parent
    }
    try spend(path.count)
    var like = likeNodes[Int(at)]
    for node in path.reversed() {
      like = push(automaton.like[Int(nodes[Int(node)].target)], like)
      likeNodes[Int(node)] = like
    }
    return like
  }

  /// The same readings on top of an unknown stack: all that they have in common below is cut off, but for its topmost
  /// `kept` rules. Whatever a text does before it leaves the rules that are open on top, it does whatever lies below.
  func local(_ state: State, keeping kept: Int) throws(TextError) -> State {
    let readings = sets[state.number]
    var common: Int32?
    for reading in readings where reading < Self.escaped {
      let stack = Int32(truncatingIfNeeded: reading & 0xFFFF_FFFF)
      common = common.map { ancestor($0, stack) } ?? stack
    }
    for _ in 0..<kept { if let stack = common, stack > 1 { common = nodes[Int(stack)].parent } }
    guard let common, common > 1, depths[Int(common)] <= Self.localDepth else { return state }
    var moved: [Reading] = []
    var path: [Int32] = []
    for reading in readings where reading < Self.escaped {
      var stack = Int32(truncatingIfNeeded: reading & 0xFFFF_FFFF)
      path.removeAll(keepingCapacity: true)
      while stack != common {
        path.append(nodes[Int(stack)].target)
        stack = nodes[Int(stack)].parent
      }
      try spend(1 + path.count)
      var target: Int32 = 1
      for place in path.reversed() { target = push(place, target) }
      moved.append(Self.reading(Int32(truncatingIfNeeded: reading >> 32), target))
    }
    return try self.state(of: moved)
  }

  private func ancestor(_ first: Int32, _ second: Int32) -> Int32 {
    var (first, second) = (first, second)
    while first != second {
      if depths[Int(first)] >= depths[Int(second)], first > 1 {
        first = nodes[Int(first)].parent
      } else if second > 1 {
        second = nodes[Int(second)].parent
      } else {
        return 0
      }
    }
    return first
  }

  /// Forgets everything but one state, and gives what it is from then on.
  ///
  /// - Throws: ``TextError/grammarLimit(what:limit:)`` never: there is room for one.
  func forget(but state: State) throws(TextError) -> State {
    let readings = sets[state.number]
    var stacks: [[Int32]] = []
    for reading in readings where reading < Self.escaped {
      var stack = Int32(truncatingIfNeeded: reading & 0xFFFF_FFFF)
      var path: [Int32] = []
      while stack > 1 {
        path.append(nodes[Int(stack)].target)
        stack = nodes[Int(stack)].parent
      }
      path.append(stack)
      stacks.append(path)
    }
    clear()
    var moved: [Reading] = []
    for (reading, path) in zip(readings, stacks) {
      var stack = path[path.count - 1]
      for place in path.dropLast().reversed() { stack = push(place, stack) }
      moved.append(Self.reading(Int32(truncatingIfNeeded: reading >> 32), stack))
    }
    moved += readings.filter { $0 >= Self.escaped }
    return try self.state(of: moved)
  }
}
