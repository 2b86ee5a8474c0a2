import Layers
import Mixers
import Tensors
import Testing
import VenturiTesting

struct RecurrentStateTests {
  /// Every mark changes all values of both layers, in order.
  private static func laws(_ allocator: Allocator) throws -> StateLaws<RecurrentState> {
    let layout = try RecurrentState.Layout(layers: 2, width: 3)
    return StateLaws(
      make: { try RecurrentState(layout, capacity: $0, allocator: allocator) },
      append: { marks, state in
        try state.reserve(marks.count)
        for mark in marks {
          for layer in 0..<2 {
            for index in 0..<3 {
              state.next(layer)[index] = state.current(layer)[index] / 2 + Float(mark + layer + index)
            }
          }
          state.advance(by: 1)
        }
      },
      content: { state in
        guard state.tokens > 0 else { return [] }
        return (0..<2).flatMap { layer in (0..<3).map { state.current(layer)[$0] } }
      })
  }

  @Test func lawsHold() throws {
    for seed in 0..<20 {
      #expect(try Self.laws(Allocator()).violations(seed: UInt64(seed)) == [])
    }
  }

  @Test func anAbandonedStepChangesNothing() throws {
    let state = try RecurrentState(.init(layers: 1, width: 2), capacity: 8, allocator: Allocator())
    try state.reserve(1)
    state.next(0)[0] = 5
    state.next(0)[1] = 6
    #expect(state.current(0)[0] == 0)
    state.advance(by: 1)
    #expect(state.current(0)[0] == 5 && state.current(0)[1] == 6)
    #expect(throws: MixerError.unsupported("truncate to 1 of 2 tokens")) {
      try state.reserve(1)
      state.advance(by: 1)
      try state.truncate(to: 1)
    }
    #expect(state.rewind(to: 0) && state.tokens == 0)
    try state.reserve(1)
    #expect(state.current(0)[0] == 0)
  }

  @Test func sizesAndForeignSnapshotsAreRefused() throws {
    #expect(throws: MixerError.self) { try RecurrentState.Layout(layers: 0, width: 1) }
    #expect(throws: MixerError.self) { try RecurrentState.Layout(layers: 1, width: 1 << 40) }
    let state = try RecurrentState(.init(layers: 1, width: 2), capacity: 8, allocator: Allocator())
    let other = try RecurrentState(.init(layers: 2, width: 2), capacity: 8, allocator: Allocator())
    #expect(throws: MixerError.self) { try state.restore(other.snapshot()) }
  }
}
