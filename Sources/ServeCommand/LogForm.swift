import Logging

/// How the log is written.
struct LogForm: Sendable {
  /// One JSON object a line rather than words.
  var isJSON: Bool
  /// The least level that is written.
  var level: Logger.Level
}
