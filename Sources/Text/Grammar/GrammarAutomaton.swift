/// A grammar's rules as automata over bytes that may call each other: a recursive transition network.
///
/// There are no empty moves: each state knows the bytes, the calls and whether its rule may end there.
struct GrammarAutomaton: Sendable {
  /// A move on the bytes `low` to `high`.
  struct Edge: Sendable, Hashable {
    var low: UInt8
    var high: UInt8
    var target: Int32
  }

  /// A call of a rule, by its first state; `target` is where it goes on, or -1 where nothing but the end comes.
  struct Call: Sendable, Hashable {
    var rule: Int32
    var target: Int32
  }

  /// The parts of `edges` and `calls` that belong to each state: one more than there are states.
  var firstEdge: [Int32] = [0]
  var firstCall: [Int32] = [0]
  var edges: [Edge] = []
  var calls: [Call] = []
  /// Whether the state's rule may end there.
  var isEnd: [Bool] = []
  var start: Int32 = 0
  /// For each state the first of those that allow the same next ``likeBytes`` bytes, as far as that was found out.
  var like: [Int32] = []

  var count: Int { isEnd.count }
}
