/// What a device did with sessions.
public struct SessionReport: Sendable, Hashable {
  /// One of the four limits of a session's throughput.
  public enum Metric: String, Sendable, Hashable, CaseIterable {
    /// Users in memory at once.
    case concurrency
    /// Reading documents.
    case prefill
    /// Writing answers.
    case decode
    /// Bringing users' keys and values back.
    case contextSwitch = "switch"
  }

  /// Seconds from the beginning to the last answer.
  public var seconds: Double
  /// Sessions that ended.
  public var sessions: Int
  /// Seconds of the device for prefills, decoding and switches.
  public var busy: [Metric: Double]
  /// Seconds from a question, or a document, to the first token of its answer, of all answers the mean.
  public var meanWait: Double
  /// Answers.
  public var answers: Int
  /// Users who were put out of memory.
  public var evictions: Int
  /// The most users in memory at once.
  public var peakResidents: Int

  /// Sessions an hour.
  public var sessionsPerHour: Double { seconds > 0 ? Double(sessions) / seconds * 3600 : 0 }
}
