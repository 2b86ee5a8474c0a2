/// A set of readings of a text, by its number in a ``GrammarWalk`` and with what is asked about it most.
struct GrammarState: Hashable, Sendable {
  private var bits: Int32

  /// A set with this number.
  init(_ number: Int, isAccepting: Bool, goesOn: Bool, hasEscaped: Bool) {
    bits = Int32(truncatingIfNeeded: number) << 3
    if isAccepting { bits |= 1 }
    if goesOn { bits |= 2 }
    if hasEscaped { bits |= 4 }
  }

  private init(bits: Int32) { self.bits = bits }

  /// No reading: the text does not follow the grammar.
  static let dead = GrammarState(bits: 0)
  /// Not found yet.
  static let unknown = GrammarState(bits: -1)

  var number: Int { Int(bits >> 3) }
  /// Whether the text may end here.
  var isAccepting: Bool { bits & 1 != 0 }
  /// Whether it may go on.
  var goesOn: Bool { bits & 2 != 0 }
  /// Whether a rule below an unknown stack may have ended.
  var hasEscaped: Bool { bits & 4 != 0 }
}
