import Client
import Formats
import Synchronization

/// Notes when the parts of one answer come.
final class AnswerRecorder: Sendable {
  private struct State {
    var events: [Double] = []
    var promptTokens: Int?
    var cachedTokens: Int?
    var outputTokens: Int?
  }

  private let kind: LoadSettings.Kind
  private let state = Mutex(State())

  init(kind: LoadSettings.Kind) { self.kind = kind }

  /// Takes an event of the stream.
  ///
  /// - Throws: `ClientError.malformed` for one that is no part of an answer.
  func take(_ event: JSON, _ seconds: Double) throws {
    guard let choices = event["choices"]?.elements else {
      throw ClientError.malformed(problem: "an event without choices: \(event.line.prefix(200))")
    }
    let hasText = choices.contains { choice in
      if kind == .completion { return choice["text"]?.text.map { !$0.isEmpty } ?? false }
      let delta = choice["delta"]
      return ["content", "reasoning_content", "reasoning"].contains { delta?[$0]?.text.map { !$0.isEmpty } ?? false }
    }
    let usage = event["usage"]
    state.withLock { state in
      if hasText { state.events.append(seconds) }
      if let count = usage?["completion_tokens"]?.int { state.outputTokens = count }
      if let count = usage?["prompt_tokens"]?.int { state.promptTokens = count }
      if let count = usage?["prompt_tokens_details"]?["cached_tokens"]?.int { state.cachedTokens = count }
    }
  }

  /// The answer's times, once it is there.
  func times(due: Double, sent: Double, end: Double) -> AnswerTimes {
    state.withLock { state in
      AnswerTimes(
        due: due, sent: sent, events: state.events, end: end, promptTokens: state.promptTokens,
        cachedTokens: state.cachedTokens, outputTokens: state.outputTokens ?? state.events.count)
    }
  }
}
