/// Makes an automaton of rules.
struct GrammarCompiler {
  /// A state while empty moves are still there.
  private struct State {
    var edges: [GrammarAutomaton.Edge] = []
    var empty: [Int32] = []
    var calls: [(rule: Int, target: Int32)] = []
  }

  private var states: [State] = []
  private let rules: [GrammarRule]
  private var starts: [Int32] = []
  private var ends: [Int32] = []
  private var isNullable: [Bool] = []

  private init(_ rules: [GrammarRule]) { self.rules = rules }

  static func compile(_ rules: [GrammarRule], root: Int) throws(TextError) -> GrammarAutomaton {
    var compiler = GrammarCompiler(rules)
    compiler.findNullable()
    try compiler.refuseLeftRecursion()
    for _ in rules {
      compiler.starts.append(try compiler.state())
      compiler.ends.append(try compiler.state())
    }
    for (index, rule) in rules.enumerated() {
      try compiler.add(rule.expression, from: compiler.starts[index], to: compiler.ends[index])
    }
    var automaton = try compiler.withoutEmptyMoves(root: root)
    automaton.findLike()
    return automaton
  }

  // MARK: Which rules may be empty, and which begin with themselves

  private func isNullable(_ expression: GrammarExpression) -> Bool {
    switch expression {
    case .literal(let bytes): bytes.isEmpty
    case .characters: false
    case .rule(let rule): isNullable[rule]
    case .sequence(let parts): parts.allSatisfy(isNullable)
    case .choice(let parts): parts.contains(where: isNullable)
    case .repetition(let part, let least, let most): least == 0 || most == 0 || isNullable(part)
    }
  }

  private mutating func findNullable() {
    isNullable = [Bool](repeating: false, count: rules.count)
    // Rules that depend on a changed one are looked at again, so that the time stays near the grammar's size.
    var users = [[Int]](repeating: [], count: rules.count)
    for (index, rule) in rules.enumerated() {
      Self.visit(rule.expression) { if users[$0].last != index { users[$0].append(index) } }
    }
    var pending = Array(rules.indices)
    while let index = pending.popLast() {
      if !isNullable[index], isNullable(rules[index].expression) {
        isNullable[index] = true
        pending += users[index]
      }
    }
  }

  private static func visit(_ expression: GrammarExpression, _ body: (Int) -> Void) {
    switch expression {
    case .rule(let rule): body(rule)
    case .sequence(let parts), .choice(let parts): for part in parts { visit(part, body) }
    case .repetition(let part, _, _): visit(part, body)
    case .literal, .characters: break
    }
  }

  /// The rules that a text of the expression may begin with.
  private func firsts(_ expression: GrammarExpression, _ body: (Int) -> Void) {
    switch expression {
    case .rule(let rule): body(rule)
    case .sequence(let parts):
      for part in parts {
        firsts(part, body)
        if !isNullable(part) { return }
      }
    case .choice(let parts): for part in parts { firsts(part, body) }
    case .repetition(let part, _, let most): if most != 0 { firsts(part, body) }
    case .literal, .characters: break
    }
  }

  private func refuseLeftRecursion() throws(TextError) {
    var next = [[Int]](repeating: [], count: rules.count)
    for (index, rule) in rules.enumerated() {
      var seen: Set<Int> = []
      firsts(rule.expression) { if seen.insert($0).inserted { next[index].append($0) } }
    }
    // 0: not seen, 1: on the way, 2: done.
    var marks = [UInt8](repeating: 0, count: rules.count)
    for start in rules.indices where marks[start] == 0 {
      var path: [(rule: Int, at: Int)] = [(start, 0)]
      marks[start] = 1
      while let (rule, at) = path.last {
        if at == next[rule].count {
          marks[rule] = 2
          path.removeLast()
          continue
        }
        path[path.count - 1].at += 1
        let following = next[rule][at]
        if marks[following] == 1 { throw .grammarLeftRecursion(rule: rules[following].name) }
        if marks[following] == 0 {
          marks[following] = 1
          path.append((following, 0))
        }
      }
    }
  }

  // MARK: States

  private mutating func state() throws(TextError) -> Int32 {
    if states.count >= Grammar.stateLimit {
      throw .grammarLimit(what: "states of a grammar", limit: Grammar.stateLimit)
    }
    states.append(State())
    return Int32(truncatingIfNeeded: states.count - 1)
  }

  private mutating func add(_ expression: GrammarExpression, from: Int32, to: Int32) throws(TextError) {
    switch expression {
    case .literal(let bytes):
      var at = from
      for (index, byte) in bytes.enumerated() {
        let next = index == bytes.count - 1 ? to : try state()
        states[Int(at)].edges.append(.init(low: byte, high: byte, target: next))
        at = next
      }
      if bytes.isEmpty { states[Int(from)].empty.append(to) }
    case .characters(let set): try add(set, from: from, to: to)
    case .rule(let rule): states[Int(from)].calls.append((rule, to))
    case .sequence(let parts):
      var at = from
      for (index, part) in parts.enumerated() {
        let next = index == parts.count - 1 ? to : try state()
        try add(part, from: at, to: next)
        at = next
      }
      if parts.isEmpty { states[Int(from)].empty.append(to) }
    case .choice(let parts):
      for part in parts {
        // Each alternative begins at a state of its own, so that loops in one do not lead into another.
        let start = try state()
        states[Int(from)].empty.append(start)
        try add(part, from: start, to: to)
      }
    case .repetition(let part, let least, let most):
      var at = from
      for _ in 0..<least {
        let next = try state()
        try add(part, from: at, to: next)
        at = next
      }
      guard let most else {
        let loop = try state()
        states[Int(at)].empty.append(loop)
        try add(part, from: loop, to: loop)
        states[Int(loop)].empty.append(to)
        return
      }
      for _ in least..<most {
        states[Int(at)].empty.append(to)
        let next = try state()
        try add(part, from: at, to: next)
        at = next
      }
      states[Int(at)].empty.append(to)
    }
  }

  /// The UTF-8 forms of a set of code points, with their common ends shared.
  private mutating func add(_ set: CodePointSet, from: Int32, to: Int32) throws(TextError) {
    var shared: [[ClosedRange<UInt8>]: Int32] = [:]
    for range in set.ranges {
      for bytes in Self.byteRanges(range) {
        var at = from
        for (index, byte) in bytes.enumerated() {
          let rest = Array(bytes[(index + 1)...])
          let next: Int32
          if rest.isEmpty {
            next = to
          } else if let known = shared[rest] {
            next = known
          } else {
            next = try state()
            shared[rest] = next
          }
          let edge = GrammarAutomaton.Edge(low: byte.lowerBound, high: byte.upperBound, target: next)
          if !states[Int(at)].edges.contains(edge) { states[Int(at)].edges.append(edge) }
          at = next
        }
      }
    }
  }

  /// Ranges for each byte such that all combinations are the UTF-8 forms of the code points of a range.
  static func byteRanges(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
    // One length of form at a time, then one prefix of continuation bytes at a time.
    var result: [[ClosedRange<UInt8>]] = []
    for (length, bounds) in [(1, 0...0x7F), (2, 0x80...0x7FF), (3, 0x800...0xFFFF), (4, 0x10000...0x10FFFF)]
      as [(Int, ClosedRange<UInt32>)]
    {
      let low = max(range.lowerBound, bounds.lowerBound)
      let high = min(range.upperBound, bounds.upperBound)
      if low <= high { split(low, high, length, &result) }
    }
    return result
  }

  private static func split(_ low: UInt32, _ high: UInt32, _ length: Int, _ result: inout [[ClosedRange<UInt8>]]) {
    for level in 1..<max(length, 1) {
      let mask = UInt32(1) << (6 * UInt32(level)) - 1
      if low & ~mask != high & ~mask {
        if low & mask != 0 {
          split(low, low | mask, length, &result)
          split((low | mask) + 1, high, length, &result)
          return
        }
        if high & mask != mask {
          split(low, (high & ~mask) - 1, length, &result)
          split(high & ~mask, high, length, &result)
          return
        }
      }
    }
    let (a, b) = (encoded(low, length), encoded(high, length))
    result.append(zip(a, b).map { $0...$1 })
  }

  private static func encoded(_ value: UInt32, _ length: Int) -> [UInt8] {
    if length == 1 { return [UInt8(truncatingIfNeeded: value)] }
    let lead: [UInt32] = [0, 0, 0xC0, 0xE0, 0xF0]
    var bytes: [UInt8] = []
    for level in (0..<length).reversed() {
      let part = value >> (6 * UInt32(level))
      bytes.append(UInt8(truncatingIfNeeded: level == length - 1 ? lead[length] | part : 0x80 | part & 0x3F))
    }
    return bytes
  }

  // MARK: Empty moves

  /// The most edges and empty moves that are followed.
  private static let moveLimit = 1 << 22

  private func withoutEmptyMoves(root: Int) throws(TextError) -> GrammarAutomaton {
    var isRuleEnd = [Bool](repeating: false, count: states.count)
    for end in ends { isRuleEnd[Int(end)] = true }
    var seen = [Int32](repeating: 0, count: states.count)
    var round: Int32 = 0
    /// The states that are reached without a byte.
    func reached(from state: Int) -> [Int] {
      var found = [state]
      var index = 0
      round &+= 1
      seen[state] = round
      while index < found.count {
        for next in states[found[index]].empty where seen[Int(next)] != round {
          seen[Int(next)] = round
          found.append(Int(next))
        }
        index += 1
      }
      return found
    }
    // Only what bytes, calls and the root lead to remains.
    var numbers = [Int32](repeating: -1, count: states.count)
    var order: [Int] = []
    func number(_ state: Int32) -> Int32 {
      if numbers[Int(state)] < 0 {
        numbers[Int(state)] = Int32(truncatingIfNeeded: order.count)
        order.append(Int(state))
      }
      return numbers[Int(state)]
    }
    var automaton = GrammarAutomaton()
    automaton.start = number(starts[root])
    var index = 0
    var moves = 0
    while index < order.count {
      var edges: [GrammarAutomaton.Edge] = []
      var calls: [GrammarAutomaton.Call] = []
      var isEnd = false
      let states = reached(from: order[index])
      moves += states.count
      for state in states {
        if isRuleEnd[state] { isEnd = true }
        for edge in self.states[state].edges {
          edges.append(.init(low: edge.low, high: edge.high, target: number(edge.target)))
        }
        for (rule, target) in self.states[state].calls {
          // Where only the end comes, nothing needs to be returned to.
          let after = reached(from: Int(target))
          moves += after.count
          let goesOn = after.contains { !self.states[$0].edges.isEmpty || !self.states[$0].calls.isEmpty }
          let isLast = !goesOn && after.contains { isRuleEnd[$0] }
          calls.append(.init(rule: number(starts[rule]), target: isLast ? -1 : number(target)))
        }
      }
      moves += edges.count
      if moves > Self.moveLimit { throw .grammarLimit(what: "moves of a grammar", limit: Self.moveLimit) }
      automaton.edges += edges
      automaton.calls += calls
      automaton.firstEdge.append(Int32(truncatingIfNeeded: automaton.edges.count))
      automaton.firstCall.append(Int32(truncatingIfNeeded: automaton.calls.count))
      automaton.isEnd.append(isEnd)
      index += 1
    }
    return automaton
  }
}
