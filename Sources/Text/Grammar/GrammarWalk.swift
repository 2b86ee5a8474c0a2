/// The states that a text can have brought a grammar's automaton to, found one byte at a time and remembered.
///
/// A state is a set of readings of the text so far, each a state of the automaton and a stack of where to go on after open
/// rules. Stacks and sets are stored once and named by numbers, so that after the first visit a byte costs one look-up.
final class GrammarWalk {
  /// A set of readings. Numbers are valid until ``forget(but:)``.
  typealias State = Int32

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
  private var nodeNumbers: [Node: Int32] = [:]
  private var sets: [[Reading]] = []
  private var setNumbers: [[Reading]: State] = [:]
  /// For each set where each byte leads, -1 where not yet known; all share one row until they are asked.
  private var rows: [UnsafeMutablePointer<State>] = []
  private let unknown: UnsafeMutablePointer<State>
  /// What has been done since the last ``beginWork()``, in readings and edges looked at.
  private var work = 0

  static let dead: State = 0
  /// The most readings of one text.
  static let readingLimit = 2_048
  /// The most sets that are kept from one token to the next, and that one token may need.
  static let setLimit = 16_384
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
    clear()
  }

  deinit {
    for row in rows where row != unknown { row.deallocate() }
    unknown.deallocate()
  }

  private static func row() -> UnsafeMutablePointer<State> {
    let row = UnsafeMutablePointer<State>.allocate(capacity: 256)
    row.initialize(repeating: -1, count: 256)
    return row
  }

  /// Begins what one token may cost.
  func beginWork() { work = 0 }

  private func spend(_ count: Int) throws(TextError) {
    work += count
    if work > Self.workLimit { throw .grammarLimit(what: "readings and moves for one token", limit: Self.workLimit) }
  }

  private func clear() {
    for row in rows where row != unknown { row.deallocate() }
    nodes = [Node(target: -1, parent: -1), Node(target: -1, parent: -1)]
    depths = [0, 0]
    isOpen = [false, true]
    nodeNumbers = [:]
    sets = [[]]
    setNumbers = [[]: Self.dead]
    rows = [unknown]
  }

  /// Where every text begins.
  func start() throws(TextError) -> State {
    var found = Closure()
    try close(automaton.start, 0, &found)
    return try number(of: found)
  }

  func isDead(_ state: State) -> Bool { state == Self.dead }
  /// Whether the text may end here.
  func isAccepting(_ state: State) -> Bool { sets[Int(state)].last == Self.accepting }
  /// Whether it may go on.
  func goesOn(_ state: State) -> Bool { sets[Int(state)].first.map { $0 < Self.escaped } ?? false }
  /// Whether a rule below an unknown stack may have ended.
  func hasEscaped(_ state: State) -> Bool { sets[Int(state)].suffix(2).contains(Self.escaped) }
  /// How many sets are remembered.
  var stateCount: Int { sets.count }

  @inline(__always)
  func next(_ state: State, _ byte: UInt8) throws(TextError) -> State {
    let known = rows[Int(state)][Int(byte)]
    return known >= 0 ? known : try compute(state, byte)
  }

  @inline(never)
  private func compute(_ state: State, _ byte: UInt8) throws(TextError) -> State {
    var found = Closure()
    for reading in sets[Int(state)] where reading < Self.escaped {
      let place = Int(reading >> 32)
      let stack = Int32(truncatingIfNeeded: reading & 0xFFFF_FFFF)
      let edges = Int(automaton.firstEdge[place])..<Int(automaton.firstEdge[place + 1])
      try spend(1 + edges.count)
      for index in edges {
        let edge = automaton.edges[index]
        if edge.low <= byte, byte <= edge.high { try close(edge.target, stack, &found) }
      }
    }
    if sets.count >= Self.setLimitWithin {
      throw .grammarLimit(what: "states for one token", limit: Self.setLimitWithin)
    }
    let next = try number(of: found)
    if rows[Int(state)] == unknown { rows[Int(state)] = Self.row() }
    rows[Int(state)][Int(byte)] = next
    return next
  }

  /// What is found from one reading without a byte.
  private struct Closure {
    var kept: [Reading] = []
    var seen: Set<Reading> = []
  }

  private func close(_ place: Int32, _ stack: Int32, _ found: inout Closure) throws(TextError) {
    var pending: [Reading] = [Self.reading(place, stack)]
    while let reading = pending.popLast() {
      guard found.seen.insert(reading).inserted else { continue }
      try spend(4)
      if found.seen.count > Self.readingLimit {
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
    nodeNumbers[node] = number
    return number
  }

  private func number(of found: Closure) throws(TextError) -> State {
    var readings = found.kept
    readings.sort()
    var count = 0
    for index in readings.indices where index == 0 || readings[index] != readings[index - 1] {
      readings[count] = readings[index]
      count += 1
    }
    readings.removeLast(readings.count - count)
    return number(of: readings)
  }

  private func number(of readings: [Reading]) -> State {
    if let known = setNumbers[readings] { return known }
    let number = State(truncatingIfNeeded: sets.count)
    sets.append(readings)
    rows.append(unknown)
    setNumbers[readings] = number
    return number
  }

  /// The same readings on top of an unknown stack: all that they have in common below is cut off. Whatever a text does
  /// before it leaves the rules that are open on top, it does whatever lies below.
  func local(_ state: State) -> State {
    let readings = sets[Int(state)]
    var common: Int32?
    for reading in readings where reading < Self.escaped {
      let stack = Int32(truncatingIfNeeded: reading & 0xFFFF_FFFF)
      common = common.map { ancestor($0, stack) } ?? stack
    }
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
      var target: Int32 = 1
      for place in path.reversed() { target = push(place, target) }
      moved.append(Self.reading(Int32(truncatingIfNeeded: reading >> 32), target))
    }
    moved.sort()
    return number(of: moved)
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

  /// Forgets everything but one state, whose new number it gives.
  func forget(but state: State) -> State {
    let readings = sets[Int(state)]
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
    moved.sort()
    return number(of: moved)
  }
}
