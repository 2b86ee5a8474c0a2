import Synchronization

/// What became of the requests of a run.
final class LoadLog: Sendable {
  /// Failures of one kind, with one of them in words.
  struct Failures: Sendable, Equatable {
    var count = 0
    var example: String
  }
  private struct State {
    var answers: [AnswerTimes] = []
    var requests: [LoadRequest] = []
    var failures: [String: Failures] = [:]
  }

  private let state = Mutex(State())

  func answer(_ times: AnswerTimes, to request: LoadRequest) {
    state.withLock { state in
      state.answers.append(times)
      // The text has done its service.
      state.requests.append(
        LoadRequest(prompt: "", promptTokens: request.promptTokens, outputTokens: request.outputTokens))
    }
  }

  func fail(_ kind: String, _ words: String) {
    state.withLock { $0.failures[kind, default: Failures(example: words)].count += 1 }
  }

  var answers: [AnswerTimes] { state.withLock { $0.answers } }
  /// What the answers are to, in the same order.
  var requests: [LoadRequest] { state.withLock { $0.requests } }
  var failures: [String: Failures] { state.withLock { $0.failures } }
  var count: Int { state.withLock { $0.answers.count + $0.failures.values.reduce(0) { $0 + $1.count } } }

  /// - Throws: ``LoadError/nothingAnswered(errors:example:)``.
  func requireAnswers() throws(LoadError) {
    if !answers.isEmpty { return }
    let failures = failures
    let most = failures.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
    throw .nothingAnswered(errors: failures.mapValues(\.count), example: most?.value.example ?? "none was sent")
  }
}
