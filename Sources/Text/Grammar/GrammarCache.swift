/// What is known of states, up to a number of bytes; with more, all is forgotten.
struct GrammarCache<Value> {
  private var values: [GrammarState: Value] = [:]
  private var bytes = 0
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  subscript(state: GrammarState) -> Value? { values[state] }

  mutating func insert(_ value: Value, for state: GrammarState, bytes count: Int) {
    if bytes + count > limit { removeAll() }
    values[state] = value
    bytes += count
  }

  mutating func removeAll() {
    values = [:]
    bytes = 0
  }
}
