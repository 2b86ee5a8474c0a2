import Layers
import Tensors

/// The laws of a state that remembers tokens: whatever edits it sees, it holds what a list of its tokens would hold, and
/// so do its forks and snapshots.
///
/// Tokens are marked with small numbers; the subject says how a mark enters a state and what a state with given marks
/// holds.
public struct StateLaws<State: MixerState> {
  /// Makes an empty state for `capacity` tokens.
  public var make: (_ capacity: Int) throws -> State
  /// Appends one token for each mark, reserving and advancing.
  public var append: (_ marks: [Int], _ state: State) throws -> Void
  /// What a state holds, as numbers.
  public var content: (State) throws -> [Float]
  /// What a state holds whose tokens have these marks.
  public var expected: (_ marks: [Int]) throws -> [Float]
  /// The most tokens of a state.
  public var capacity = 700

  /// Laws from their parts; without `expected` a fresh state that got the marks in one go is the measure.
  public init(
    make: @escaping (_ capacity: Int) throws -> State,
    append: @escaping (_ marks: [Int], _ state: State) throws -> Void,
    content: @escaping (State) throws -> [Float], expected: ((_ marks: [Int]) throws -> [Float])? = nil
  ) {
    self.make = make
    self.append = append
    self.content = content
    let capacity = capacity
    self.expected =
      expected ?? { marks in
        let fresh = try make(capacity)
        if !marks.isEmpty { try append(marks, fresh) }
        return try content(fresh)
      }
  }

  /// The laws that a random course of `edits` edits breaks; empty where all hold.
  ///
  /// - Throws: what a declared edit throws.
  public func violations(seed: UInt64, edits: Int = 25) throws -> [String] {
    var broken: [String] = []
    var random = Random(seed: seed)
    let first = try make(capacity)
    let abilities = first.capabilities
    var states: [(state: State, marks: [Int])] = [(first, [])]
    var kept: [(snapshot: any StateSnapshot, marks: [Int])] = []
    func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
    for edit in 0..<edits {
      let index = below(states.count)
      let state = states[index].state
      let count = states[index].marks.count
      switch below(6) {
      case 2 where abilities.contains(.truncate):
        let length = below(count + 1)
        try state.truncate(to: length)
        states[index].marks.removeLast(count - length)
      case 3 where abilities.contains(.fork) && states.count < 4:
        states.append((try state.fork(), states[index].marks))
      case 4 where abilities.contains(.gather) && count > 0:
        let prefix = below(count + 1)
        let chosen = Array(0..<prefix) + (0..<(capacity - prefix) % 50).map { _ in below(count) }
        try state.gather(chosen)
        states[index].marks = chosen.map { states[index].marks[$0] }
      case 5 where abilities.contains(.snapshot):
        if let (snapshot, marks) = kept.last, below(2) == 0 {
          try state.restore(snapshot)
          states[index].marks = marks
        } else {
          kept.append((try state.snapshot(), states[index].marks))
        }
      default:
        let fresh = (0..<min(capacity - count, below(300) + 1)).map { _ in below(300) }
        if fresh.isEmpty { continue }
        try append(fresh, state)
        states[index].marks += fresh
      }
      for (number, entry) in states.enumerated() {
        if entry.state.tokens != entry.marks.count {
          broken.append("edit \(edit): state \(number) counts \(entry.state.tokens) tokens, not \(entry.marks.count)")
        } else if try content(entry.state) != expected(entry.marks) {
          broken.append("edit \(edit): state \(number) does not hold its \(entry.marks.count) tokens")
        }
      }
      if !broken.isEmpty { break }
    }
    broken += refusals(of: states[0].state)
    return broken
  }

  /// Edits outside of the tokens throw the error that names them and change nothing.
  private func refusals(of state: State) -> [String] {
    var broken: [String] = []
    let tokens = state.tokens
    func expect(_ error: MixerError, _ what: String, _ body: () throws -> Void) {
      do {
        try body()
        broken.append("\(what) does not throw")
      } catch let thrown as MixerError where thrown == error { return } catch {
        broken.append("\(what) throws \(error)")
      }
    }
    if state.capabilities.contains(.truncate) {
      for count in [-1, tokens + 1] {
        expect(.positionOutOfRange(position: count, tokens: tokens), "truncating to \(count) of \(tokens)") {
          try state.truncate(to: count)
        }
      }
    }
    if state.capabilities.contains(.gather) {
      for index in [-1, tokens] {
        expect(.positionOutOfRange(position: index, tokens: tokens), "gathering \(index) of \(tokens)") {
          try state.gather([index])
        }
      }
    }
    let excess = state.capacity - tokens + 1
    expect(.capacityExceeded(capacity: state.capacity, requested: state.capacity + 1), "reserving too much") {
      try state.reserve(excess)
    }
    if state.tokens != tokens { broken.append("a refused edit changed the tokens") }
    return broken
  }
}
