import Client
import Console
import Synchronization
import Venturi

/// One answer of a server, printed or collected as it comes.
final class RemoteAnswer: Sendable {
  private struct State {
    var text = ""
    var reason: String?
    var usage: JSON = .null
    var first: Double?
    var last = 0.0
    var isCancelled = false
  }

  private let sent = APIClient.now
  private let state = Mutex(State())
  private let show: @Sendable (String) -> Void

  private init(show: @escaping @Sendable (String) -> Void) { self.show = show }

  /// Asks for an answer; `show` gets its pieces. Ctrl-C ends it, and what has come is kept.
  ///
  /// - Throws: `ClientError`.
  static func asked(
    of client: APIClient, _ path: String, _ body: [JSON.Member], show: @escaping @Sendable (String) -> Void
  ) async throws -> RemoteAnswer {
    let answer = RemoteAnswer(show: show)
    let members =
      body + [
        JSON.Member("stream", true), JSON.Member("stream_options", ["include_usage": true]),
      ]
    let bytes = Array(JSON.object(members).line.utf8)
    let task = Task { try await client.stream(path, body: bytes) { event, seconds in answer.take(event, seconds) } }
    do { try await Interrupts.value(of: task) } catch is CancellationError {
      answer.state.withLock { $0.isCancelled = true }
    }
    return answer
  }

  private func take(_ event: JSON, _ seconds: Double) {
    let choice = event["choices"]?.elements?.first
    let piece = choice?["delta"]?["content"]?.text ?? choice?["text"]?.text ?? ""
    state.withLock { state in
      state.text += piece
      if !piece.isEmpty {
        if state.first == nil { state.first = seconds }
        state.last = seconds
      }
      if let reason = choice?["finish_reason"]?.text { state.reason = reason }
      if let usage = event["usage"], usage != .null { state.usage = usage }
    }
    if !piece.isEmpty { show(piece) }
  }

  /// The text so far.
  var text: String { state.withLock { $0.text } }
  /// Whether it was stopped by Ctrl-C.
  var isCancelled: Bool { state.withLock { $0.isCancelled } }
  /// Why it ended, in the words of `run` and `chat`.
  var reason: String { state.withLock { $0.isCancelled ? "cancelled" : $0.reason ?? "stop" } }

  private func count(_ path: String...) -> Int? {
    state.withLock { state in path.reduce(Optional(state.usage)) { $0?[$1] }?.int }
  }

  /// The members of the object of `--json`.
  var members: [JSON.Member] {
    let (first, last, text) = state.withLock { ($0.first, $0.last, $0.text) }
    let tokens = count("completion_tokens")
    var members = [JSON.Member("text", .string(text)), JSON.Member("finishReason", .string(reason))]
    members.append(
      JSON.Member(
        "usage",
        [
          "promptTokens": count("prompt_tokens").map { .integer($0) } ?? .null,
          "completionTokens": tokens.map { .integer($0) } ?? .null,
          "cachedTokens": count("prompt_tokens_details", "cached_tokens").map { .integer($0) } ?? .null,
        ]))
    let speed = first.flatMap { first in tokens.map { Self.speed(tokens: $0, seconds: last - first) } } ?? nil
    members.append(
      JSON.Member(
        "timings",
        [
          "timeToFirstTokenSeconds": first.map { .rounded($0 - sent) } ?? .null,
          "generationTokensPerSecond": speed.map { .rounded($0) } ?? .null,
        ]))
    return members
  }

  /// The line about the speed.
  var speedLine: String {
    let (first, last) = state.withLock { ($0.first, $0.last) }
    var parts: [String] = []
    if let prompt = count("prompt_tokens") {
      let cached = count("prompt_tokens_details", "cached_tokens") ?? 0
      parts.append("prompt \(prompt) tokens" + (cached > 0 ? " (\(cached) from before)" : ""))
    }
    if let first, let tokens = count("completion_tokens") {
      let speed = Self.speed(tokens: tokens, seconds: last - first).map { ", \(Human.fixed($0, 1)) tok/s" } ?? ""
      parts.append("answer \(tokens) tokens\(speed)")
    }
    if let first { parts.append("first token \(Human.fixed((first - sent) * 1000, 0)) ms") }
    return parts.isEmpty ? "the server counts no tokens" : parts.joined(separator: " · ")
  }

  private static func speed(tokens: Int, seconds: Double) -> Double? {
    tokens > 1 && seconds > 0 ? Double(tokens - 1) / seconds : nil
  }
}
