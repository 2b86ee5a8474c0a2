/// What a user of a service is content with; an answer is good when it keeps to all of it.
public struct ServiceObjective: Sendable, Equatable {
  /// Seconds until the first text.
  public var firstToken: Double?
  /// Seconds from token to token, the mean over an answer.
  public var interToken: Double?
  /// Seconds of the longest pause within an answer.
  public var pause: Double?
  /// Seconds until the end.
  public var endToEnd: Double?

  /// An objective as users write it: `ttft=500ms,itl=50ms`, with `ttft`, `itl` (mean from token to token), `gap` (longest pause) and `e2e`;
  /// times with `ms` or `s`.
  ///
  /// - Throws: ``LoadError/invalidSetting(field:value:problem:)``.
  public init(_ text: String) throws(LoadError) {
    var seen: Set<String> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard words.count == 2, let seconds = Self.seconds(words[1]) else {
        throw .invalidSetting(field: "slo", value: String(part), problem: "NAME=TIME is expected, such as ttft=500ms")
      }
      guard seen.insert(words[0]).inserted else {
        throw .invalidSetting(field: "slo", value: String(part), problem: "'\(words[0])' is given twice")
      }
      switch words[0] {
      case "ttft": firstToken = seconds
      case "itl": interToken = seconds
      case "gap": pause = seconds
      case "e2e": endToEnd = seconds
      default:
        throw .invalidSetting(field: "slo", value: String(part), problem: "must be one of ttft, itl, gap and e2e")
      }
    }
  }

  private static func seconds(_ text: String) -> Double? {
    let (number, scale) =
      text.hasSuffix("ms") ? (text.dropLast(2), 1000.0) : text.hasSuffix("s") ? (text.dropLast(), 1.0) : ("", 1.0)
    guard let value = Double(number), value > 0, value.isFinite else { return nil }
    return value / scale
  }

  /// Whether an answer keeps to it.
  public func holds(for answer: AnswerTimes) -> Bool {
    func within(_ value: Double?, _ most: Double?) -> Bool { most.map { (value ?? 0) <= $0 } ?? true }
    return within(answer.firstToken, firstToken) && within(answer.interToken, interToken)
      && within(answer.gaps.max(), pause) && within(answer.endToEnd, endToEnd)
  }
}
