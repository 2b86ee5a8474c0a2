/// How the rows of a batch belong to sequences: prompt chunks and single steps of any number of sequences in one call.
///
/// The rows of all runs lie one after the other in tensors [rows, width].
public struct BatchLayout: Sendable {
  /// New tokens of one sequence: neighbouring rows.
  public struct Run: Sendable {
    /// The sequence's states, one for each slot; a model whose layers all mix alike has one slot.
    public var states: [any MixerState]
    /// The number of rows, at least 1.
    public var rows: Int
    /// How many of the last rows are those of generated tokens, at most ``rows``; mixers may treat them otherwise than a prompt's.
    public var answerRows: Int
    /// The first row's number in the batch; set by ``BatchLayout``.
    public internal(set) var firstRow = 0
    /// The tokens that the states held before: the position of the first row.
    public internal(set) var position = 0

    /// A run of `rows` new tokens after those of `states`.
    public init(states: [any MixerState], rows: Int, answerRows: Int = 0) {
      self.states = states
      self.rows = rows
      self.answerRows = answerRows
    }

    /// A run of `rows` new tokens after those of `state`.
    public init(state: any MixerState, rows: Int, answerRows: Int = 0) {
      self.init(states: [state], rows: rows, answerRows: answerRows)
    }
  }

  /// The runs in the order of their rows.
  public let runs: [Run]
  /// The number of rows.
  public let rows: Int

  /// A layout of runs, each placed behind the one before.
  ///
  /// - Throws: ``MixerError``: a run without rows or states, a state in two runs, states of one run that differ in length.
  public init(_ runs: [Run]) throws(MixerError) {
    var placed = runs
    var seen: Set<ObjectIdentifier> = []
    var row = 0
    for index in placed.indices {
      guard placed[index].rows > 0, placed[index].rows < 1 << 31 else {
        throw .invalidSetting(field: "rows of run \(index)", value: placed[index].rows, expected: "1 or more")
      }
      guard 0...placed[index].rows ~= placed[index].answerRows else {
        throw .invalidSetting(
          field: "answerRows of run \(index)", value: placed[index].answerRows, expected: "0…\(placed[index].rows)")
      }
      guard let first = placed[index].states.first else {
        throw .invalidSetting(field: "states of run \(index)", value: 0, expected: "1 or more")
      }
      for state in placed[index].states {
        guard seen.insert(ObjectIdentifier(state)).inserted else { throw .stateRepeated(run: index) }
        guard state.tokens == first.tokens else {
          throw .positionMismatch(run: index, position: first.tokens, tokens: state.tokens)
        }
      }
      placed[index].firstRow = row
      placed[index].position = first.tokens
      row += placed[index].rows
    }
    self.runs = placed
    rows = row
  }
}
