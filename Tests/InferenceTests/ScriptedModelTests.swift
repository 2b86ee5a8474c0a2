import Testing
import Venturi
import VenturiTesting

/// The double keeps the protocol of the states that it stands for.
@Suite struct ScriptedModelTests {
  @Test func statesRefuseWhatIsOutOfRange() throws {
    let model = ScriptedModel()
    let state = try model.makeState(capacity: 5)
    _ = try model.evaluate(TokenBatch([.init(state: state, tokens: [1, 2, 3])]), isCancelled: { false })
    for position in [4, 5, -1] {
      #expect(throws: MixerError.positionOutOfRange(position: position, tokens: 3)) {
        try state.truncate(to: position)
      }
    }
    #expect(throws: MixerError.capacityExceeded(capacity: 5, requested: 6)) { try state.reserve(3) }
    try state.reserve(2)
    #expect(state.tokens == 3)
    try state.truncate(to: 3)
    try state.truncate(to: 1)
    #expect(state.tokens == 1)
    let stiff = try ScriptedModel(canTruncate: false).makeState(capacity: 5)
    #expect(throws: MixerError.unsupported("truncate")) { try stiff.truncate(to: 0) }
  }
}
