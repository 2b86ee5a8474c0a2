import Formats

/// What a load measured.
public struct LoadResult: Sendable {
  /// The load.
  public let settings: LoadSettings
  /// Seconds that the figures are over: from the first request until the last answer, or as long as requests were sent.
  public let seconds: Double
  /// Requests that were answered.
  public let answered: Int
  /// Failed requests, by kind.
  public let errors: [String: Int]
  /// A failure of each kind in words.
  public let examples: [String: String]
  /// Failed requests of the warm-up, which count for nothing else.
  public let warmUpErrors: [String: Int]
  /// Until the first text.
  public let firstToken: LatencySummary?
  /// Between neighbouring events with text, over all answers.
  public let gaps: LatencySummary?
  /// From token to token: the mean of each answer, over all answers.
  public let interToken: LatencySummary?
  /// Until the end.
  public let endToEnd: LatencySummary?
  /// How late requests were sent, after they were due.
  public let lag: LatencySummary?
  /// Generated tokens a second, of all requests together.
  public let tokensPerSecond: Double
  /// Answered requests a second.
  public let requestsPerSecond: Double
  /// Answers that kept to the objective, a second; `nil` without one.
  public let goodPerSecond: Double?
  /// The share of all requests that were answered and kept to the objective.
  public let goodShare: Double?
  /// Tokens of all prompts, as the server counts.
  public let promptTokens: Int
  /// Tokens of prompts that the server had computed before.
  public let cachedTokens: Int
  /// Tokens of all answers.
  public let outputTokens: Int
  /// Answers whose prompt the server counts otherwise than it was made.
  public let otherPrompts: Int
  /// Answers that are shorter than asked for.
  public let shortAnswers: Int
  /// Requests whose prompt was sent before in the run.
  public let repeatedPrompts: Int
  /// Requests that were sent again, because the server had closed a kept connection before anything of an answer came.
  public let resent: Int
  /// Processor time that the load generator itself took.
  public let generatorSeconds: Double
  /// The times of each answer.
  public let answers: [AnswerTimes]

  init(
    settings: LoadSettings, start: Double, end: Double, log: LoadLog, warmUp: LoadLog, pool: RequestPool,
    resent: Int, generatorSeconds: Double
  ) {
    self.settings = settings
    (self.resent, self.generatorSeconds) = (resent, generatorSeconds)
    let (answers, requests, failures) = (log.answers, log.requests, log.failures)
    (self.answers, answered) = (answers, answers.count)
    errors = failures.mapValues(\.count)
    examples = failures.mapValues(\.example)
    warmUpErrors = warmUp.failures.mapValues(\.count)
    // What comes after the clients were told to stop belongs to a load that falls away.
    let whole = settings.seconds.map { min($0, end - start) } ?? (answers.map(\.end).max() ?? end) - start
    let stop = start + whole
    seconds = max(whole, 1e-9)
    firstToken = LatencySummary(answers.compactMap(\.firstToken))
    gaps = LatencySummary(answers.flatMap(\.gaps))
    interToken = LatencySummary(answers.compactMap(\.interToken))
    endToEnd = LatencySummary(answers.map(\.endToEnd))
    lag = LatencySummary(answers.map { $0.sent - $0.due })
    outputTokens = answers.reduce(0) { $0 + $1.outputTokens }
    tokensPerSecond = answers.reduce(0) { $0 + $1.tokens(in: start...max(start, stop)) } / seconds
    requestsPerSecond = Double(answers.count { $0.end <= stop }) / seconds
    let sent = answers.count + errors.values.reduce(0, +)
    let good = settings.objective.map { objective in answers.filter { objective.holds(for: $0) } }
    goodPerSecond = good.map { [seconds] answers in Double(answers.count { $0.end <= stop }) / seconds }
    goodShare = good.map { Double($0.count) / Double(max(1, sent)) }
    promptTokens = answers.reduce(0) { $0 + ($1.promptTokens ?? 0) }
    cachedTokens = answers.reduce(0) { $0 + ($1.cachedTokens ?? 0) }
    otherPrompts = zip(answers, requests).count {
      $0.promptTokens.map { [made = $1.promptTokens] in $0 != made } ?? false
    }
    shortAnswers = zip(answers, requests).count { $0.outputTokens < $1.outputTokens }
    repeatedPrompts = max(0, sent - pool.requests.count)
  }
}
