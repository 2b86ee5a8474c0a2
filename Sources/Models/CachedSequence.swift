import Layers

/// A sequence's state in a model whose layers share one kind of mixer state.
final class CachedSequence: SequenceState, @unchecked Sendable {
  let state: any MixerState
  /// The model that the state belongs to.
  let owner: ObjectIdentifier

  init(_ state: any MixerState, owner: ObjectIdentifier) {
    self.state = state
    self.owner = owner
  }

  var tokenCount: Int { state.tokens }
  var capacity: Int { state.capacity }
  var bytes: Int { state.bytes }

  func truncate(to count: Int) -> Bool {
    guard state.capabilities.contains(.truncate) else { return false }
    do { try state.truncate(to: count) } catch { return false }
    return true
  }

  func fork() throws -> any SequenceState { CachedSequence(try state.fork(), owner: owner) }
}
