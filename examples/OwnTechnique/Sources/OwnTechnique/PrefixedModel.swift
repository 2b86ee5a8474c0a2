import Synchronization
import Venturi

/// A model that begins sequences from a kept state when they begin with the prefix.
final class PrefixedModel: LanguageModel {
  let description: ModelDescription
  private let model: any LanguageModel
  private let prefix: [Int32]
  private let kept = Mutex<(any MixerState)?>(nil)

  init(_ model: any LanguageModel, prefix: [Int32]) {
    self.model = model
    self.prefix = prefix
    description = model.description
  }

  func makeState(capacity: Int) throws -> any MixerState { PrefixedState(try model.makeState(capacity: capacity)) }

  func evaluate(_ batch: TokenBatch, isCancelled: () -> Bool) throws -> Logits {
    let runs = try batch.runs.map { run in
      guard let state = run.state as? PrefixedState else { throw ModelError.foreignState }
      guard state.tokens == 0, run.logits != .all, run.tokens.count > prefix.count, run.tokens.starts(with: prefix),
        let copy = try keptState(), copy.capacity >= state.capacity
      else { return TokenBatch.Run(state: state.inner, tokens: run.tokens, logits: run.logits) }
      state.replace(copy)
      return TokenBatch.Run(state: copy, tokens: Array(run.tokens.dropFirst(prefix.count)), logits: run.logits)
    }
    do { return try model.evaluate(TokenBatch(runs), isCancelled: isCancelled) } catch {
      // Who is stopped holds what it held before: nothing, where it had just begun.
      for (before, now) in zip(batch.runs, runs) where before.tokens.count != now.tokens.count {
        _ = before.state.rewind(to: 0)
      }
      throw error
    }
  }

  /// A copy of the state that holds the prefix, which the first one computes.
  private func keptState() throws -> (any MixerState)? {
    try kept.withLock { kept in
      if kept == nil {
        let state = try model.makeState(capacity: description.contextLength)
        let run = TokenBatch.Run(state: state, tokens: prefix, logits: .none)
        _ = try model.evaluate(TokenBatch([run]), isCancelled: { false })
        kept = state
      }
      return try kept?.fork()
    }
  }
}

/// A state that can become a copy of another as long as it is empty.
final class PrefixedState: MixerState {
  private let held: Mutex<any MixerState>

  init(_ inner: any MixerState) { held = Mutex(inner) }

  var inner: any MixerState { held.withLock { $0 } }
  func replace(_ state: any MixerState) { held.withLock { $0 = state } }

  var tokens: Int { inner.tokens }
  var capacity: Int { inner.capacity }
  var bytes: Int { inner.bytes }
  var capabilities: StateCapabilities { inner.capabilities }
  func reserve(_ count: Int) throws(MixerError) { try inner.reserve(count) }
  func advance(by count: Int) { inner.advance(by: count) }
  func truncate(to count: Int) throws(MixerError) { try inner.truncate(to: count) }
  func fork() throws(MixerError) -> PrefixedState { PrefixedState(try inner.fork()) }
}
